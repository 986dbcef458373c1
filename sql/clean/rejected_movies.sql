-- one row per row of movies that does not count, added to the rejected rows
-- parameters: $file
insert into rejected_rows
select
    $file as file,
    judged_movies.line,
    judged_movies.rule,
    movie_lines.raw
from judged_movies
inner join movie_lines on judged_movies.line = movie_lines.line
where judged_movies.rule is not null
order by judged_movies.line;

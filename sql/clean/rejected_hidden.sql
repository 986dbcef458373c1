-- one row per row of hidden that names no film, added to the rejected rows
-- parameters: $file
insert into rejected_rows
select
    $file as file,
    hidden_rows.line,
    'movie_id_missing' as rule,
    hidden_lines.raw
from hidden_rows
inner join hidden_lines on hidden_rows.line = hidden_lines.line
where id_of(hidden_rows.movieid) is null
order by hidden_rows.line;

-- one row per row of ratings that does not count, added to the rejected rows
-- parameters: $file
insert into rejected_rows
select
    $file as file,
    judged_ratings.line,
    judged_ratings.rule,
    rating_lines.raw
from judged_ratings
inner join rating_lines on judged_ratings.line = rating_lines.line
where judged_ratings.rule is not null
order by judged_ratings.line;

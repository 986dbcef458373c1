-- one row per row of ratings that counts after a repair: what it was, and the user id that it got
-- parameters: $file
create table repaired_rows as
select
    $file as file,
    judged_ratings.line,
    'user_id_between_neighbours' as rule,
    rating_lines.raw,
    judged_ratings.user_id
from judged_ratings
inner join rating_lines on judged_ratings.line = rating_lines.line
where judged_ratings.rule is null and judged_ratings.is_repaired
order by judged_ratings.line;

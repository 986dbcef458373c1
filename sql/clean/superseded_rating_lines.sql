-- one row per row of ratings that a later one supersedes, added to the rejected lines; none if weights add up
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    'superseded' as rule,
    cast(user_id as varchar) as user_id
from all_interactions
where position is null and not getvariable('meaning').adds_up;

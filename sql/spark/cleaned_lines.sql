-- one row per line of ratings that counts after a repair, or that a later one supersedes
-- parameters: $file
-- If weights add up, what a later row supersedes is counted, and not recorded.
create table repaired_lines as
select
    line,
    user_id
from validated
anti join superseded using (line)
where kind = 'repaired'
order by line;

insert into rejected_lines by name
with recorded as (
    select
        line,
        'superseded' as rule,
        user_id
    from superseded
    where not getvariable('meaning').adds_up
    union all
    select
        line,
        'over_max_per_user' as rule,
        user_id
    from capped_ratings
)

select
    $file as file,
    line,
    rule,
    user_id
from recorded
order by line;

-- one row per row of ratings that counts after a repair: its line, and the user id that it got
-- parameters: $file
create table repaired_lines as
with rejected as (
    select line
    from rejected_lines
    where file = $file
)

select
    validated.line,
    validated.user_id
from validated
anti join rejected on validated.line = rejected.line
where validated.kind = 'repaired'
order by validated.line;

-- one row per row of ratings that counts after a repair: its line, and the user id that it got
-- parameters: $file
create table repaired_lines as
with rejected as (
    select line
    from rejected_lines
    where file = $file
)

select
    judged.line,
    judged.user_id
from judged
anti join rejected on judged.line = rejected.line
where judged.kind = 'repaired'
order by judged.line;

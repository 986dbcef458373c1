-- one row per part of a table of the input: its name, and which lines of the table are in it
-- parameters: $tables, $names, $lines_before
create table parts as
with given as (
    select
        unnest(cast($tables as varchar [])) as table_name,
        unnest(cast($names as varchar [])) as name,
        unnest(cast($lines_before as bigint [])) as lines_before
)

select
    table_name,
    name,
    lines_before,
    lead(lines_before) over (partition by table_name order by lines_before) as last_line
from given;

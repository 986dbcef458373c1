-- one row: how many rows of ratings were read, those of who is forgotten left out, and how many these were
select
    coalesce(cast(sum(rows) filter (where kind = 'read') as bigint), 0) as rows,
    coalesce(cast(sum(rows) filter (where kind = 'held_out') as bigint), 0) as held_out
from validated;

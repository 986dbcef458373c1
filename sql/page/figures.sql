-- one row: what the generation is, from what it was made, and how long that took
select
    id,
    finished_at,
    made_by,
    overridden,
    seconds,
    rows,
    peak_mb,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    rows_held_out,
    users,
    items
from generation;

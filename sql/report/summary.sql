-- one row: what this generation is, from what it was made, and how much it holds
select
    id,
    date_trunc('second', started_at) as started_at,
    date_trunc('second', finished_at) as finished_at,
    made_by,
    made_from,
    fingerprint,
    top_n,
    overridden,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    rows_held_out,
    users,
    items,
    (select count(*) from items) as items_of_input,
    (select count(*) from items where is_hidden) as items_hidden
from generation;

-- What is in this file, what was it made from, and how long did it take?
-- one row
select
    id,
    started_at,
    finished_at,
    seconds,
    rows,
    peak_mb,
    fingerprint,
    exclusions,
    made_by,
    made_from,
    top_n,
    settings,
    versions,
    overridden,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    rows_held_out,
    users,
    items
from generation;

-- one row: what the current generation is, from what it was made, how and when
select
    id,
    started_at,
    finished_at,
    seconds,
    rows,
    peak_mb,
    fingerprint,
    top_n,
    settings,
    versions,
    overridden,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    users,
    items
from generation;

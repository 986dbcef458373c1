-- one row: from what this generation was made, what its input was, and how many bytes its blocks must have
select
    fingerprint,
    made_by,
    exclusions,
    settings,
    versions,
    (select total_blocks * block_size from pragma_database_size()) as bytes_of_blocks,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    rows_held_out,
    users,
    items
from generation;

-- one row: id, data, durations and metrics of the generation
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
    items,
    (
        select list({'metric': metric, 'model': model, 'value': value} order by metric, model)
        from metrics
        where value is not null
    ) as metrics
from generation;

-- Which steps of the run took the most time?
-- one row per step, the slowest first: its share of the time, and the most memory that was held
select
    key as step,
    value as seconds,
    round(value / sum(value) over (), 3) as share,
    rows[key] as rows,
    peak_mb[key] as peak_mb
from generation
cross join unnest(map_entries(seconds)) as of_step (entry)
cross join lateral (select entry.key, entry.value)
order by value desc, key;

-- one row per step of the run, in order: what it took, and how many rows it went through; null where it counts none
select
    step,
    seconds[step] as seconds,
    rows[step] as rows,
    peak_mb[step] as peak_mb
from (
    select
        seconds,
        rows,
        peak_mb,
        unnest(map_keys(seconds)) as step,
        generate_subscripts(map_keys(seconds), 1) as place
    from generation
)
order by place;

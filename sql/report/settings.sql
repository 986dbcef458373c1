-- one row per setting of the run, and per version of what it ran on
with named as (
    select
        'setting' as kind,
        unnest(map_keys(settings)) as name,
        unnest(map_values(settings)) as value
    from generation
    union all
    select
        'version' as kind,
        unnest(map_keys(versions)) as name,
        unnest(map_values(versions)) as value
    from generation
)

select
    kind,
    name,
    value
from named
order by kind, name;

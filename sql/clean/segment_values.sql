-- one row per attribute whose values make segments: how many values users with an interaction have
-- parameters: $names
with described as (
    select
        unnest(cast($names as varchar [])) as name,
        cast(attributes as map(varchar, varchar)) as attributes
    from users
)

select
    name,
    count(distinct attributes[name]) as number_of_values
from described
group by name
order by name;

-- one row per number of ratings: how many movies have at least that many; movies that nobody has rated are not counted
with counted as (
    select
        ratings,
        count(*) as owners
    from items
    where ratings > 0
    group by ratings
)

select
    ratings,
    cast(sum(owners) over (order by ratings desc) as bigint) as at_least
from counted
order by ratings desc;

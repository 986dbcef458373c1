-- one row per number of ratings: how many users have at least that many
with counted as (
    select
        ratings,
        count(*) as owners
    from users
    group by ratings
)

select
    ratings,
    cast(sum(owners) over (order by ratings desc) as bigint) as at_least
from counted
order by ratings desc;

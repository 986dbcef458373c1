-- one row per kind of owner and number of ratings: how many users, or movies, have at least that many; movies without ratings do not count
with owners as (
    select
        'user' as owner,
        ratings
    from users
    union all
    select
        'movie' as owner,
        ratings
    from items
    where ratings > 0
),

counted as (
    select
        owner,
        ratings,
        count(*) as owners
    from owners
    group by owner, ratings
)

select
    owner,
    ratings,
    cast(sum(owners) over (partition by owner order by ratings desc) as bigint) as at_least
from counted
order by owner desc, ratings desc;

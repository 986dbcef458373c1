-- one row: the year of the newest interactions, which three users have reached; null without times
with newest as (
    select last_rated_at
    from users
    where last_rated_at is not null
    order by last_rated_at desc
    limit 3
)

select min(year(last_rated_at)) as newest_year
from newest;

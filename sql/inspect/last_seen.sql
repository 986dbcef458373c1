-- When were users last active?
-- one row per month, the newest first: how many users rated something then for the last time
select
    date_trunc('month', last_rated_at) as month,
    count(*) as users,
    round(sum(count(*)) over (order by month desc) / sum(count(*)) over (), 4) as share_since
from users
where last_rated_at is not null
group by month
order by month desc;

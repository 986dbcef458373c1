-- Which users have few ratings?
-- one row per user with fewer than twenty ratings, a hundred of them, the least known first
select
    user_id,
    ratings,
    last_rated_at
from users
where ratings < 20
order by ratings, user_id
limit 100;

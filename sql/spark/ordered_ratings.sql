-- one row per row of ratings of a share of users that breaks no rule, as it goes back to Spark; by user, newest first
select
    cast(user_id as varchar) as user_id,
    cast(item_id as varchar) as item_id,
    rating,
    epoch_us(rated_at) as rated_at,
    line,
    is_superseded
from ordered_ratings;

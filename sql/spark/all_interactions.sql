-- one row per row of ratings of a share of users that breaks no rule, as it goes back to Spark; by user, newest first
select
    cast(user_id as varchar) as user_id,
    cast(item_id as varchar) as item_id,
    rating,
    confidence_of(weight) as weight,
    epoch_us(rated_at) as rated_at,
    line,
    position is null as is_superseded
from all_interactions
order by all_interactions.user_id, all_interactions.rated_at desc nulls last, all_interactions.line desc;

-- one row per valid row of ratings of a share of users, as it goes back to Spark, and what becomes of it; by user, newest first
with interactions_and_capped as (
    select
        cast(user_id as varchar) as user_id,
        cast(item_id as varchar) as item_id,
        rating,
        confidence_of(weight) as weight,
        rated_at,
        line,
        case when position is null then 'superseded' else 'kept' end as outcome
    from all_interactions
    union all by name
    select
        user_id,
        item_id,
        line,
        'capped' as outcome
    from capped_ratings
)

select
    user_id,
    item_id,
    rating,
    weight,
    epoch_us(rated_at) as rated_at,
    line,
    outcome
from interactions_and_capped
order by user_id, interactions_and_capped.rated_at desc nulls last, line desc;

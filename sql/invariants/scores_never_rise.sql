-- one row per rank whose score is not finite, or higher than that of the rank before it
-- The popular list is that of nobody.
with lists as (
    select
        user_id,
        rank,
        cast(score as double) as score
    from draft.recommendations
    union all
    select
        null as user_id,
        rank,
        score
    from draft.popular
),

steps as (
    select
        user_id,
        rank,
        score,
        lag(score, 1, score) over (partition by user_id order by rank) as score_before
    from lists
)

select
    user_id,
    rank,
    score,
    score_before
from steps
where not isfinite(score) or score > score_before
order by user_id, rank;

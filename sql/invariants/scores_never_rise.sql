-- one row per recommendation whose score is not finite, or higher than that of the rank before it
with steps as (
    select
        user_id,
        rank,
        score,
        lag(score, 1, score) over (partition by user_id order by rank) as score_before
    from draft.recommendations
)

select
    user_id,
    rank,
    score,
    score_before
from steps
where not isfinite(score) or score > score_before
order by user_id, rank;

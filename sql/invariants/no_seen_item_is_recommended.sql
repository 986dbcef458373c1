-- one row per recommendation of a movie that the user has watched
-- Pairs are compared by their hashes first; those that share one are compared in full.
with seen as (
    select hash(user_id, item_id) as pair
    from draft.histories
),

suspect as (
    select
        user_id,
        rank,
        item_id
    from draft.recommendations
    where hash(user_id, item_id) in (select seen.pair from seen)
)

select
    suspect.user_id,
    suspect.rank,
    suspect.item_id
from suspect
semi join draft.histories
    on suspect.user_id = histories.user_id and suspect.item_id = histories.item_id
order by suspect.user_id, suspect.rank;

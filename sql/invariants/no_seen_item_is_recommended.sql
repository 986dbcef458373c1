-- one row per recommendation of a movie that the user has seen
-- parameters: $repeats
-- $repeats says whether what is in a history may be recommended again. Pairs are compared by their hashes first; those that share one are compared in full.
with pairs as not materialized (
    select
        user_id,
        item_id
    from draft.histories
    where not $repeats
    union all
    select
        user_id,
        item_id
    from draft.seen_items
),

seen as (
    select hash(user_id, item_id) as pair
    from pairs
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
semi join pairs
    on suspect.user_id = pairs.user_id and suspect.item_id = pairs.item_id
order by suspect.user_id, suspect.rank;

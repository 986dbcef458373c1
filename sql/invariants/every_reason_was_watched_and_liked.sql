-- one row per user and movie that is a reason, but that the user has not liked, or that is hidden
-- A like has a weight above 0. Pairs are compared by their hashes.
with likes as (
    select hash(user_id, item_id) as pair
    from draft.histories
    where weight > 0
),

reasons as (
    select distinct
        user_id,
        because_item_id as item_id
    from draft.recommendations
    where because_item_id is not null
),

hidden as (
    select item_id
    from draft.items
    where is_hidden
),

unfounded as (
    select
        user_id,
        item_id
    from reasons
    where hash(user_id, item_id) not in (select likes.pair from likes)
    union
    select
        reasons.user_id,
        reasons.item_id
    from reasons
    semi join hidden on reasons.item_id = hidden.item_id
)

select
    user_id,
    item_id
from unfounded
order by user_id, item_id;

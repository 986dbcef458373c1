-- one row per rating that counts and is not in its place in a history, or place that no rating has
-- Ratings and histories are stored in one order, by user and newest first, so they are laid side by side; and within a
-- user positions are 1, 2, 3 and so on.
with beside as (
    select
        ratings.user_id as expected_user_id,
        ratings.item_id as expected_item_id,
        histories.user_id,
        histories.position,
        histories.item_id
    from (select user_id, item_id from ratings) as ratings
    positional join draft.histories
),

steps as (
    select
        *,
        lag(expected_user_id) over () as user_before,
        lag(position) over () as position_before
    from beside
)

select
    expected_user_id,
    expected_item_id,
    user_id,
    position,
    item_id
from steps
where
    expected_user_id is distinct from user_id
    or expected_item_id is distinct from item_id
    or position is distinct from case when user_before = expected_user_id then position_before + 1 else 1 end
order by user_id, position;

-- one row per chosen user and movie that may not be in the list, as positions of users and of movies with a vector
-- parameters: $repeats
-- $repeats says whether what is in a history may be recommended again.
with seen as (
    select
        user_id,
        item_id
    from histories
    where not $repeats
    union all
    select
        user_id,
        item_id
    from seen_items
)

select
    user_positions.user_index,
    item_positions.item_index
from seen
inner join user_positions using (user_id)
inner join item_positions using (item_id)
order by user_index, item_index;

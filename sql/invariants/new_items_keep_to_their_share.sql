-- one row per place of a new movie in a list that has more of them so far than the share of the places after the tenth
-- After a command has taken movies out of lists, a place may have been as many ranks lower.
-- parameters: $top_n, $min_n, $new_share
with placed as (
    select
        user_id,
        rank,
        row_number() over (partition by user_id order by rank) as new_items
    from draft.recommendations
    where item_id in (select items.item_id from draft.items where items.ratings = 0)
)

select
    user_id,
    rank,
    new_items
from placed
where new_items > floor($new_share * (rank - 10 + $top_n - $min_n) + 1e-9)
order by user_id, rank;

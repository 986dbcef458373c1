-- one row per movie with a place in a list of this depth, as an index, and how many places it has
-- parameters: $depth
with positions as (
    select
        item_id,
        row_number() over (order by is_new, item_id) - 1 as item_index
    from items
    where ratings > 0 or is_new
)

select
    positions.item_index,
    count(*) as places
from lists
inner join positions on lists.item_id = positions.item_id
where lists.rank <= $depth
group by positions.item_index
order by positions.item_index;

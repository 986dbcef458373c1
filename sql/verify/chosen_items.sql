-- one row per movie of a sample that is the same every time, by the order of ids: its position there, and that among all
-- parameters: $items
create temp table chosen_items as
with chosen as (
    select item_id
    from item_factors
    order by md5(item_id), item_id
    limit $items
)

select
    item_id,
    item_index,
    cast(row_number() over (order by item_id) - 1 as integer) as index
from item_positions
semi join chosen using (item_id);

-- one row per movie of these that exists: its title, and whether it may be in a list
-- parameters: $item_ids
select
    item_id,
    title,
    not is_hidden and item_id in (select item_factors.item_id from item_factors) as is_shown
from items
where list_contains($item_ids, item_id)
order by item_id;

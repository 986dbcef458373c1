-- one row per movie of these that exists: its title, and whether it may be in a list
-- parameters: $item_ids
select
    item_id,
    title,
    ratings > 0 and not is_hidden as is_shown
from items
where list_contains($item_ids, item_id)
order by item_id;

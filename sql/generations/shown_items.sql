-- one row per movie of these that may be in a list
-- parameters: $item_ids
select item_id
from items
where list_contains($item_ids, item_id) and ratings > 0 and not is_hidden
order by item_id;

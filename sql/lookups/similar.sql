-- one row per movie of those asked for that has similar ones: these, as numbers of movies
-- parameters: $item_ids
select
    item_id,
    similar_items
from similar_lookups
where item_id in $item_ids;

-- one row per movie that is in its own list of similar movies
select
    item_id,
    rank
from draft.similar_items
where item_id = similar_item_id
order by item_id;

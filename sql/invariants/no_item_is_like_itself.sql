-- one row per movie that stands among the movies that are like it
select
    item_id,
    rank
from draft.similar_items
where item_id = similar_item_id
order by item_id;

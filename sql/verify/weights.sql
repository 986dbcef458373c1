-- one row per movie and rank: positions of both movies in the order of ids, -1 for a similar one without a vector, what both have in common, and what the first says for the other
select
    owners.item_index as owner_index,
    coalesce(item_positions.item_index, -1) as item_index,
    similar_items.score,
    similar_items.weight
from similar_items
inner join item_positions as owners on similar_items.item_id = owners.item_id
left join item_positions on similar_items.similar_item_id = item_positions.item_id
order by owner_index, similar_items.rank;

-- one row per chosen movie and rank, by movie: positions of both movies, of the first among those chosen, -1 for a similar one without a vector
select
    chosen_items.index,
    coalesce(item_positions.item_index, -1) as item_index,
    similar_items.score
from similar_items
inner join chosen_items on similar_items.item_id = chosen_items.item_id
left join item_positions on similar_items.similar_item_id = item_positions.item_id
order by chosen_items.index, similar_items.rank;

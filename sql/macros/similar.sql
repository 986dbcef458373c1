-- one row per rank: the movies that the same people like as one movie
create macro "similar"(for_item) as table
select
    similar_items.rank,
    similar_items.similar_item_id as item_id,
    items.title,
    items.year,
    items.genres,
    similar_items.score
from similar_items
inner join items on similar_items.similar_item_id = items.item_id
where similar_items.item_id = id_of(cast(for_item as varchar))
order by similar_items.rank;
comment on macro table "similar" is 'One row per rank: the movies that the same people like as one movie, most alike first.';

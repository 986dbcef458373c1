-- one row per movie with a vector, by position: the vector, and whether the movie may be in a list
select
    item_factors.factors,
    coalesce(items.ratings > 0 and not items.is_hidden, false) as is_candidate
from item_factors
left join items on item_factors.item_id = items.item_id
order by item_factors.item_id;

-- one row per movie with a vector, by position: the vector, whether the movie may be in a list, and whether it is new
select
    item_factors.factors,
    coalesce(not items.is_hidden, false) as is_candidate,
    coalesce(items.ratings = 0, false) as is_new
from item_factors
left join items on item_factors.item_id = items.item_id
order by item_factors.item_id;

-- Which movies do the same people like?
-- one row per pair of movies that fifty users or more have rated, a hundred of them, the most alike first
select
    items.title,
    others.title as similar_title,
    round(cast(similar_items.score as double), 4) as score,
    items.ratings,
    others.ratings as similar_ratings
from similar_items
inner join items on similar_items.item_id = items.item_id
inner join items as others on similar_items.similar_item_id = others.item_id
where
    items.ratings >= 50
    and others.ratings >= 50
    and (
        similar_items.item_id < similar_items.similar_item_id
        or not exists (
            select 1
            from similar_items as the_other_way
            where
                the_other_way.item_id = similar_items.similar_item_id
                and the_other_way.similar_item_id = similar_items.item_id
        )
    )
order by similar_items.score desc, items.item_id, others.item_id
limit 100;

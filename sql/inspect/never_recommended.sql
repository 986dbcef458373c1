-- Which movies are in no list?
-- one row per movie that may be shown and is in no list, a hundred of them, those rated most first
select
    items.item_id,
    items.title,
    items.ratings,
    round(items.mean_rating, 2) as mean_rating
from items
anti join recommendations on items.item_id = recommendations.item_id
where items.ratings > 0 and not items.is_hidden
order by items.ratings desc, items.item_id
limit 100;

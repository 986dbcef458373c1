-- one row per movie that is in most lists among the first ten: in how many, as a share of all users
-- parameters: $items
select
    items.item_id,
    items.title,
    items.ratings,
    count(*) as lists,
    count(*) / (select count(*) from users) as share
from recommendations
inner join items on recommendations.item_id = items.item_id
where recommendations.rank <= 10
group by items.item_id, items.title, items.ratings
order by lists desc, items.item_id
limit $items;

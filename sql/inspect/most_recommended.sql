-- Which movies are in the most lists?
-- one row per movie, twenty of them: in how many lists it stands, and how high on average
select
    recommendations.item_id,
    items.title,
    count(*) as lists,
    round(avg(recommendations.rank), 1) as mean_rank,
    items.ratings
from recommendations
inner join items on recommendations.item_id = items.item_id
group by recommendations.item_id, items.title, items.ratings
order by lists desc, mean_rank, recommendations.item_id
limit 20;

-- Which movies are watched lately, and recommended to unknown users?
-- one row per rank of the popular list, with titles
select
    popular.rank,
    popular.item_id,
    items.title,
    items.genres,
    popular.score
from popular
inner join items on popular.item_id = items.item_id
order by popular.rank;

-- one row: the popular list, as numbers of movies like the list of a user
select coalesce(string_agg(items.number, ',' order by popular.rank), '') as recommendations
from popular
inner join items on popular.item_id = items.item_id;

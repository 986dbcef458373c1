-- one row per chosen user and movie watched, as positions of users and of movies with a vector
select
    user_positions.user_index,
    item_positions.item_index
from histories
inner join user_positions using (user_id)
inner join item_positions using (item_id)
order by user_index, item_index;

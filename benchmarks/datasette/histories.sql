-- one row per user and position
select
    user_id,
    position,
    item_id
from histories
order by user_id, position;

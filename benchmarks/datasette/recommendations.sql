-- one row per user and rank
select
    user_id,
    rank,
    item_id
from recommendations
order by user_id, rank;

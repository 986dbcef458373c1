-- one row per user and film that stands more than once in the list
select
    user_id,
    item_id,
    count(*) as times
from draft.recommendations
group by user_id, item_id
having count(*) > 1
order by user_id, item_id;

-- one row per movie that only these users have rated
-- parameters: $user_ids
select item_id
from histories
group by item_id
having bool_and(list_contains($user_ids, user_id))
order by item_id;

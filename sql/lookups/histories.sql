-- one row per film of the history of one user, newest first
-- parameters: $user_id, $limit, $offset
select item_id
from histories
where user_id = $user_id
order by position
limit $limit offset $offset;

-- one row per rank of the list of one user
-- parameters: $user_id, $limit, $offset
select item_id
from recommendations
where user_id = $user_id
order by rank
limit $limit offset $offset;

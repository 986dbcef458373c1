-- one row per rank of the popular list
-- parameters: $limit, $offset
select item_id
from popular
order by rank
limit $limit offset $offset;

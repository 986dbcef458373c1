-- one row, none for a film that nothing is like: how much each film of its list is like it, in the order of the list
-- parameters: $item_id
select scores
from similar_lookups
where item_id = $item_id;

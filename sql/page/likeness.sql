-- one row, none for a movie that nothing is like: how much each movie of its list is like it, in the order of the list
-- parameters: $item_id
select scores
from similar_lookups
where item_id = $item_id;

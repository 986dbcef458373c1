-- one row per movie with a vector, by position: from how many users it was learned
select users
from item_factors
order by item_id;

-- one row per movie with a rating that counts, in the order of indices: whether it must be in no list
select is_hidden
from items
where ratings > 0
order by item_id;

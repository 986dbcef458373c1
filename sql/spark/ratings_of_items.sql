-- one row per movie with a rating that counts, in the order of indices: how many
select ratings
from items
where ratings > 0
order by item_id;

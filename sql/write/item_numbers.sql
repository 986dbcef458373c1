-- one row per movie with a rating that counts, in the order of indices: its number in look-ups
select number
from items
where ratings > 0
order by item_id;

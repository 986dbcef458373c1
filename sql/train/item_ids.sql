-- one row per film with a rating that counts, in the order of indices
select item_id
from item_indices
order by item_index;

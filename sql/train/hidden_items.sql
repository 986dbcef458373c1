-- one row per film with a rating that counts, in the order of indices: whether it must be in no list
select is_hidden
from item_indices
order by item_index;

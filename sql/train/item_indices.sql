-- one row per film with a rating that counts: its row in the matrices, from 0, in the order of ids
-- Ties in a list break by item id as text: by the smaller index.
create table item_indices as
select
    item_id,
    is_hidden,
    cast(row_number() over (order by item_id) - 1 as integer) as item_index
from items
where ratings > 0
order by item_id;

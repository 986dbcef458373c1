-- one row per user and item that counts as seen and for nothing else, as indices
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index
from seen_items
order by user_index, item_index;

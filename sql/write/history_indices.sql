-- one row per interaction that counts, users and movies as indices; by user, newest first
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index
from interactions
order by user_id, position;

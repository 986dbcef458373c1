-- one row per rating that counts, users and movies as indices; by user, newest first, as the ratings are stored
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index
from ratings;

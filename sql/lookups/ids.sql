-- one row per user, and per movie that has similar ones, as they are stored: the id, and whether it is that of a user
select
    user_id as id,
    true as is_user
from lookups
union all
select
    item_id,
    false
from similar_lookups;

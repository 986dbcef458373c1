-- one row per user of a sample that is the same every time, and per movie with a vector: the position of each in the order of ids
-- parameters: $users
create temp view item_positions as
select
    item_id,
    cast(row_number() over (order by item_id) - 1 as integer) as item_index
from item_factors;
create temp table user_positions as
with chosen as (
    select user_id
    from users
    order by md5(user_id), user_id
    limit $users
)

select
    user_id,
    cast(row_number() over (order by user_id) - 1 as integer) as user_index
from user_factors
semi join chosen using (user_id);

-- one row per chosen user, and per movie with a vector: the position of each in the order of ids
create or replace temp view user_positions as
select
    user_id,
    cast(row_number() over (order by user_id) - 1 as integer) as user_index
from user_factors
semi join chosen_users using (user_id);
create or replace temp view item_positions as
select
    item_id,
    cast(row_number() over (order by item_id) - 1 as integer) as item_index
from item_factors;

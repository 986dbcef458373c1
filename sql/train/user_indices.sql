-- one row per user with a rating that counts: the row of the user in the matrices, from 0, in the order of ids
create table user_indices as
select
    user_id,
    cast(row_number() over (order by user_id) - 1 as integer) as user_index
from (select distinct user_id from ratings)
order by user_id;

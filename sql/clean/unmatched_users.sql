-- one row: how many ids the rows of users have, and how many of these have no interaction
with described as (
    select distinct user_id
    from user_rows
    where user_id is not null
)

select
    count(*) as ids,
    count_if(users.user_id is null) as unmatched
from described
left join users on described.user_id = users.user_id;

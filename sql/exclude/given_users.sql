-- one row per user whom a row of ratings or users names, or was given to by a repair
select user_id
from rating_rows
where user_id is not null
union
select user_id
from repaired_users
union
select user_id
from user_rows
where user_id is not null
order by user_id;

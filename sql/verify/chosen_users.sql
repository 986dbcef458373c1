-- one row per user of a sample that is the same every time: those whose ids have the lowest hashes
-- parameters: $users
create temp table chosen_users as
select user_id
from users
order by md5(user_id), user_id
limit $users;

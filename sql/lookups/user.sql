-- one row if the user is known
-- parameters: $user_id
select user_id
from users
where user_id = $user_id;

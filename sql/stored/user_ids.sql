-- one row per chosen user with a vector, in the order of ids as text
select user_id
from user_factors
semi join chosen_users using (user_id)
order by user_id;

-- one row per user with a rating that counts, in the order of indices
select user_id
from user_indices
order by user_index;

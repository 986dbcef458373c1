-- one row per user
select user_id
from lookups
order by user_id;

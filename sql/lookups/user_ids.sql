-- one row per user; as they are stored, since sorting takes memory
select user_id
from lookups;

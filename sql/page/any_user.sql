-- one row: the user at a share of all, from 0 to below 1; rows of a generation are never deleted, so their numbers have no gaps
-- parameters: $share
select user_id
from users
where rowid = cast(floor($share * (select count(*) from users)) as bigint);

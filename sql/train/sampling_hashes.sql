-- one row per user, in the order of indices: a number that stays with the id from night to night
-- Whose ratings are held out is drawn by it, so that one night's quality is compared with the next one's over the same users.
select md5(user_id) as sampling_hash
from (select unnest(enum_range(cast(null as user_ids))) as user_id);

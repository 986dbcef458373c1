-- one row per user with a rating that counts, in the order of indices
select unnest(enum_range(cast(null as user_ids))) as user_id;

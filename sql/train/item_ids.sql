-- one row per movie with a rating that counts, in the order of indices
select unnest(enum_range(cast(null as item_ids))) as item_id;

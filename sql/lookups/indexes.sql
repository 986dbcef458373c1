-- one row: for how many bytes of memory the indexes by which users and movies are looked up may ask
-- Their nodes take less: from 37 bytes for an id of 5 characters to 121 for one of 64; `tests/api/test_generation.py` compares.
select cast(coalesce(sum(48 + 1.5 * strlen(id)), 0) as bigint) as bytes
from (
    select user_id as id
    from lookups
    union all
    select item_id
    from similar_lookups
);

-- one row per row of ratings that breaks no rule, also where a later one supersedes it; by user, newest first
-- Among equal times, and where there are none, what stands later in the file is newer. The rows are stored in this
-- order: what reads all of them relies on it, and sorts nothing.
create table ordered_ratings as
select
    cast(user_id as user_ids) as user_id,
    cast(item_id as item_ids) as item_id,
    rating,
    rated_at,
    line,
    false as is_superseded
from valid_ratings
order by user_id, rated_at desc nulls last, line desc;

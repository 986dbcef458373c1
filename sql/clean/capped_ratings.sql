-- one row per valid row of ratings beyond the newest of its user that count: its line, its user and its item
-- parameters: $max_per_user
-- Among equal times, and where there are none, the later line of the file is newer. Few users have so many rows: only theirs
-- are sorted.
create table capped_ratings as
with heavy as (
    select user_id
    from valid_ratings
    group by user_id
    having count(*) > $max_per_user
)

select
    line,
    user_id,
    item_id
from valid_ratings
semi join heavy using (user_id)
qualify row_number() over (partition by user_id order by rated_at desc nulls last, line desc) > $max_per_user
order by line;

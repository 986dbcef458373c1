-- one row: how many rows of ratings have a time, how many of these are before 1990, and how many are at the commonest time
with commonest as (
    select approx_top_k(rated_at, 1)[1] as rated_at
    from rating_rows
    where rated_at is not null
)

select
    count(rating_rows.rated_at) as with_time,
    count_if(rating_rows.rated_at < timestamp '1990-01-01') as before_1990,
    any_value(commonest.rated_at) as commonest,
    count_if(rating_rows.rated_at = commonest.rated_at) as at_commonest
from rating_rows
cross join commonest;

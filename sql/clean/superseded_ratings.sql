-- one row per rating of a film that the same user has rated again later: its line
-- A pair is told from others by one number, which is counted faster than two ids.
create table superseded_ratings as
with pairs as (
    select
        line,
        rated_at,
        cast(enum_code(user_id) as bigint) * 4294967296 + enum_code(item_id) as pair
    from given_ratings
),

repeated as (
    select pair
    from pairs
    group by pair
    having count(*) > 1
),

ordered as (
    select
        pairs.line,
        row_number() over (
            partition by pairs.pair
            order by pairs.rated_at desc nulls last, pairs.line desc
        ) as recency
    from pairs
    semi join repeated on pairs.pair = repeated.pair
)

select line
from ordered
where recency > 1;

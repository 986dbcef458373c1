-- one row per rating of a movie that the same user has rated again later: its line
-- A pair of user and movie is one number. Few are there twice: those are found by sorting the numbers alone, which takes
-- less time and memory than to count them.
create table superseded_ratings as
with pairs as not materialized (
    select
        line,
        rated_at,
        cast(enum_code(user_id) as bigint) * 4294967296 + enum_code(item_id) as pair
    from ordered_ratings
),

steps as (
    select
        pair,
        lag(pair) over (order by pair) as pair_before
    from pairs
),

repeated as (
    select distinct pair
    from steps
    where pair = pair_before
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

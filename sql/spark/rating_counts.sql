-- one row per stage of cleaning and rating: how many rows have it; without a number where a row has none
-- parameters: $file
create table rating_counts as
with found as (
    select
        rating,
        rows
    from validated
    where kind = 'counted'
),

unparsed as (
    select
        cast(null as double) as rating,
        input_rows.rows - (select coalesce(sum(found.rows), 0) from found) as rows
    from input_rows
    where input_rows.file = $file
),

counts as (
    select 'before' as stage, rating, rows from found
    union all
    select 'before' as stage, rating, rows from unparsed
    union all
    select 'after' as stage, rating, rows from kept_ratings
)

select
    stage,
    rating,
    cast(sum(rows) as bigint) as rows
from counts
group by stage, rating
having sum(rows) > 0
order by stage desc, rating;

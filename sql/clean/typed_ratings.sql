-- one row per row of ratings that parses: typed values, and the first rule that it breaks
-- parameters: $has_rating, $has_timestamp
-- A user id may still be missing: `missing_user_blocks.sql` finds what it must have been.
create table typed_ratings as
with typed as (
    select
        line,
        id_of(userid) as user_id,
        id_of(movieid) as item_id,
        number_of(rating) as rating,
        time_of("timestamp") as rated_at
    from rating_rows
)

select
    line,
    user_id,
    item_id,
    rating,
    rated_at,
    case
        when item_id is null then 'movie_id_missing'
        when $has_rating and (rating is null or not isfinite(rating)) then 'rating_not_a_number'
        when $has_rating and rating not between 0.5 and 5 then 'rating_out_of_range'
        when $has_timestamp and rated_at is null then 'timestamp_not_a_time'
    end as rule
from typed
order by line;

-- one row per row of ratings that breaks a rule: its line, the first rule that it breaks, and whose it is, if that is known
-- parameters: $has_rating, $has_timestamp, $latest
-- $latest is the latest time that a row may have: the start of the run, and some slack for clocks.
create table rejected_ratings as
with validated as (
    select
        rating_rows.line,
        coalesce(rating_rows.user_id, repaired_users.user_id) as user_id,
        case
            when rating_rows.item_id is null then 'movie_id_missing'
            when has_lost_digits(rating_rows.item_id) then 'movie_id_lost_digits'
            when $has_rating and (rating_rows.rating is null or not isfinite(rating_rows.rating))
                then 'rating_not_a_number'
            when $has_rating and rating_rows.rating not between 0.5 and 5 then 'rating_out_of_range'
            when $has_timestamp and rating_rows.rated_at is null then 'timestamp_not_a_time'
            when rating_rows.rated_at > $latest then 'timestamp_in_future'
            when has_lost_digits(rating_rows.user_id) then 'user_id_lost_digits'
            when rating_rows.user_id is null and repaired_users.user_id is null then 'user_id_missing'
        end as rule
    from rating_rows
    left join repaired_users on rating_rows.line = repaired_users.line
)

select
    line,
    rule,
    user_id
from validated
where rule is not null;

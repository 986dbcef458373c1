-- one row per row of ratings that breaks a rule: its line, the first rule that it breaks, and whose it is, if that is known
-- parameters: $latest
-- $latest is the latest time that a row may have: the start of the run, and some slack for clocks. Variables say what values
-- mean. A row whose value can't be used still counts as seen: its item is named. An event that is ignored breaks no rule.
create table rejected_ratings as
with known as (
    select
        rating_rows.line,
        coalesce(rating_rows.user_id, repaired_users.user_id) as user_id,
        rating_rows.item_id,
        rating_rows.rating,
        rating_rows.rated_at,
        rating_rows.event
    from rating_rows
    left join repaired_users on rating_rows.line = repaired_users.line
),

validated as (
    select
        line,
        user_id,
        item_id,
        case
            when getvariable('has_events') and event is null then 'event_missing'
            when getvariable('has_events') and weight_of_event(event) is null then 'event_ignored'
            when contains(item_id, chr(0)) or contains(user_id, chr(0)) then 'not_text'
            when item_id is null then 'movie_id_missing'
            when has_lost_digits(item_id) then 'movie_id_lost_digits'
            when
                getvariable('value_kind') is not null
                and not getvariable('has_events')
                and (rating is null or not isfinite(rating))
                then 'rating_not_a_number'
            when getvariable('value_kind') is not null and not is_valid_value(rating) then 'rating_out_of_range'
            when getvariable('time_format') is not null and rated_at is null then 'timestamp_not_a_time'
            when rated_at > $latest then 'timestamp_in_future'
            when has_lost_digits(user_id) then 'user_id_lost_digits'
            when user_id is null then 'user_id_missing'
        end as rule
    from known
)

select
    line,
    rule,
    user_id,
    case
        when rule in ('rating_not_a_number', 'rating_out_of_range') and not has_lost_digits(user_id) then item_id
    end as seen_item_id
from validated
where rule is not null;

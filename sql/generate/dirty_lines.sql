-- one row per line of a dirty ratings.csv after its header: number, text, and the rule that it breaks, or by which
-- it is repaired and whose it is
-- Columns stand in another order than in MovieLens. A rating that is superseded gets a line with the same time
-- before it; a blank line comes now and then; some ids are written as floats.
create table dirty_lines as
with numbered as (
    select
        row_number() over () as row,
        user_id,
        item_id,
        rating,
        "timestamp" as rated_at,
        cast(fault as varchar) as fault
    from made
),

spoiled as (
    select
        row,
        user_id,
        fault,
        case
            when
                fault in (
                    'user_id_between_neighbours', 'rating_out_of_range_and_user_id_missing', 'user_id_missing'
                )
                then ''
            when row % 5 = 0 then user_id || '.0'
            else user_id || ''
        end as user_id_text,
        case when fault = 'movie_id_missing' then '' else item_id || '' end as item_id_text,
        case
            when fault = 'rating_not_a_number' then (['NaN', 'inf', 'good', ''])[1 + row % 4]
            when fault in ('rating_out_of_range', 'rating_out_of_range_and_user_id_missing')
                then (['-8.0', '0.0', '5.5', '99.0'])[1 + row % 4]
            else rating || ''
        end as rating_text,
        case
            when fault = 'timestamp_not_a_time' then (['yesterday', '-5', ''])[1 + row % 3]
            else rated_at || ''
        end as rated_at_text
    from numbered
),

joined as (
    select
        row,
        user_id,
        fault,
        rated_at_text || ',' || user_id_text || ',' || rating_text || ',' || item_id_text as text
    from spoiled
),

lines as (
    select
        row,
        1 as place,
        case fault
            when 'missing_columns' then regexp_replace(text, ',[^,]*$', '')
            when 'too_many_columns' then text || ',1'
            when 'misplaced_quote' then replace(text, ',', ',"')
            else text
        end as raw,
        case fault
            when 'none' then null
            when 'superseded' then null
            when 'rating_out_of_range_and_user_id_missing' then 'rating_out_of_range'
            else fault
        end as rule,
        case when fault = 'user_id_between_neighbours' then user_id end as user_id
    from joined
    union all
    select
        row,
        0 as place,
        text as raw,
        fault as rule,
        null as user_id
    from joined
    where fault = 'superseded'
    union all
    select
        row,
        2 as place,
        '  ' as raw,
        null as rule,
        null as user_id
    from joined
    where row % 9973 = 0
)

select
    1 + row_number() over (order by row, place) as line,
    raw,
    rule,
    user_id
from lines
order by line;

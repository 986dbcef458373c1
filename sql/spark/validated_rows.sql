-- one row per row of a piece of ratings, as it was validated, and per count: its kind, its line among all, and its values
-- parameters: $offset
-- $offset is added to lines in the piece. A row is kept, rejected or excluded, and one that is kept may be repaired on top;
-- counted are equal ratings, whatever becomes of them, and rows that were read.
with validated as (
    select
        'kept' as kind,
        line,
        user_id,
        item_id,
        rating,
        weight,
        epoch_us(rated_at) as rated_at,
        cast(null as varchar) as file,
        cast(null as varchar) as rule,
        cast(null as bigint) as rows
    from valid_ratings
    union all by name
    select
        'seen' as kind,
        user_id,
        seen_item_id as item_id
    from rejected_ratings
    where seen_item_id is not null and user_id is not null
    union all by name
    select
        'ignored' as kind,
        count(*) as rows
    from rejected_ratings
    where rule = 'event_ignored'
    union all by name
    select
        'unknown_event' as kind,
        event as rule,
        count(*) as rows
    from rating_rows
    where
        getvariable('has_events')
        and event is not null
        and not list_contains(cast(getvariable('event_names') as varchar []), event)
    group by event
    union all by name
    select
        'rejected' as kind,
        file,
        line,
        user_id,
        rule
    from rejected_lines
    union all by name
    select
        'repaired' as kind,
        line,
        user_id
    from repaired_users
    anti join rejected_ratings using (line)
    union all by name
    select
        'held_out' as kind,
        file,
        line
    from held_out_lines
    union all by name
    select
        'counted' as kind,
        case when isfinite(rating) then rating end as rating,
        count(*) as rows
    from rating_rows
    group by all
    union all by name
    select
        'read' as kind,
        file,
        rows
    from input_rows
)

select
    kind,
    file,
    line + $offset as line,
    user_id,
    item_id,
    rating,
    weight,
    rated_at,
    rule,
    cast(rows as bigint) as rows
from validated
order by kind, line;

-- one row per span of time with ratings: how many there are; a span is a month, or a day or an hour where all ratings are near each other
with extent as (
    select
        list_extract(
            ['hour', 'day', 'month'],
            1 + (date_diff('day', min(rated_at), max(rated_at)) > 4)::integer
            + (date_diff('day', min(rated_at), max(rated_at)) > 400)::integer
        ) as span
    from histories
)

select
    extent.span,
    cast(date_trunc(extent.span, histories.rated_at) as timestamp) as begins_at,
    count(*) as ratings
from histories
cross join extent
where histories.rated_at is not null
group by all
order by begins_at;

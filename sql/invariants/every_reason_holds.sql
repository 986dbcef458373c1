-- one row per place in a list whose reason is none that there is, or that is there because of no movie
-- Files of older versions have no reasons.
with places as (
    select *
    from draft.recommendations
    union all by name
    select cast(null as varchar) as reason
    where false
)

select
    user_id,
    rank,
    reason
from places
where
    reason not in ('because', 'people', 'genres', 'trending', 'new')
    or (reason = 'because' and because_item_id is null)
order by user_id, rank;

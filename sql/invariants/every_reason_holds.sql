-- one row per place in a list whose reason is none that there is, or that is there because of no movie, or because of one with which it has no genre in common
-- Files of older versions have no reasons. Of more than 64 genres the model knows the most frequent ones, so genres say less.
with places as (
    select *
    from draft.recommendations
    union all by name
    select cast(null as varchar) as reason
    where false
),

genres as (
    select count(distinct genre) as genres
    from (select unnest(genres) as genre from draft.items)
),

unlike as (
    select
        places.user_id,
        places.rank,
        places.reason
    from places
    inner join draft.items as listed on places.item_id = listed.item_id
    inner join draft.items as reasons on places.because_item_id = reasons.item_id
    cross join genres
    where
        places.reason = 'because'
        and genres.genres <= 64
        and len(listed.genres) > 0
        and len(reasons.genres) > 0
        and not list_has_any(listed.genres, reasons.genres)
)

select
    user_id,
    rank,
    reason
from places
where
    reason not in ('because', 'people', 'genres', 'trending', 'new')
    or (reason = 'because' and because_item_id is null)
union all
select
    user_id,
    rank,
    reason
from unlike
order by user_id, rank;

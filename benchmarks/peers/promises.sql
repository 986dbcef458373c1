-- one row: how many lists and places were written, and how many places break the promise of a list: they hold a
-- movie that the user has rated, or one that stands in the same list before
with
places as (
    select
        cast(user_id as varchar) as user_id,
        cast(item_id as varchar) as item_id
    from lists
),

films as (
    select
        user_id,
        item_id,
        count(*) as places
    from places
    group by user_id, item_id
),

seen as (
    select distinct
        "userId" as user_id,
        "movieId" as item_id
    from ratings
)

select
    count(distinct films.user_id) as lists,
    coalesce(sum(films.places), 0) as places,
    coalesce(sum(if(seen.user_id is null, films.places - 1, films.places)), 0) as broken
from films
left join seen
    on
        films.user_id = seen.user_id
        and films.item_id = seen.item_id;

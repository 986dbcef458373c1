-- Do the explanations have genres in common with the recommended movies?
-- one row per way to choose a movie of the history as a reason: how many of both movies' genres they have in common, over the first ten places of all lists
with places as (
    select
        recommendations.user_id,
        recommendations.because_item_id,
        recommendations.reason,
        items.genres
    from recommendations
    inner join items on recommendations.item_id = items.item_id
    where recommendations.rank <= 10 and len(items.genres) > 0
),

likes as (
    select
        histories.user_id,
        histories.item_id,
        items.genres,
        histories.position = min(histories.position) over (partition by histories.user_id) as is_newest
    from histories
    inner join items on histories.item_id = items.item_id
    where histories.weight > 0
),

pairs as (
    select
        places.because_item_id = likes.item_id as is_reason,
        places.reason,
        likes.is_newest,
        len(list_intersect(places.genres, likes.genres)) / len(list_distinct(list_concat(places.genres, likes.genres))) as share
    from places
    inner join likes on places.user_id = likes.user_id
),

ways as (
    select
        1 as place,
        'the one that it is because of' as way,
        share
    from pairs
    where is_reason and reason = 'because'
    union all
    select
        2 as place,
        'the one that explains it best, whatever the reason' as way,
        share
    from pairs
    where is_reason
    union all
    select
        3 as place,
        'the newest like' as way,
        share
    from pairs
    where is_newest
    union all
    select
        4 as place,
        'any like' as way,
        share
    from pairs
)

select
    way,
    count(*) as pairs,
    round(avg(share), 3) as genres_in_common
from ways
group by place, way
order by place;

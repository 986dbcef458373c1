-- one row per example user, from the one with the fewest ratings to the one with the most, in even steps: newest history, best of the list
-- parameters: $users, $movies
with numbered as (
    select
        user_id,
        ratings,
        last_rated_at,
        row_number() over (order by ratings, user_id) - 1 as number,
        count(*) over () - 1 as last_number
    from users
),

steps as (
    select unnest(range($users)) as step
),

chosen as (
    select distinct
        numbered.user_id,
        numbered.ratings,
        numbered.last_rated_at
    from numbered
    inner join steps on numbered.number = round(numbered.last_number * steps.step / greatest($users - 1, 1))
),

watched as (
    select
        histories.user_id,
        list({'title': items.title, 'rating': histories.rating} order by histories.position) as movies
    from histories
    inner join items on histories.item_id = items.item_id
    where histories.user_id in (select chosen.user_id from chosen) and histories.position <= $movies
    group by histories.user_id
),

-- Files of older versions have no reasons.
places as (
    select *
    from recommendations
    union all by name
    select cast(null as varchar) as reason
    where false
),

recommended as (
    select
        places.user_id,
        list(
            {
                'rank': places.rank,
                'title': items.title,
                'genres': items.genres,
                'because': reasons.title,
                'reason': places.reason
            }
            order by places.rank
        ) as movies
    from places
    inner join items on places.item_id = items.item_id
    left join items as reasons on places.because_item_id = reasons.item_id
    where places.user_id in (select chosen.user_id from chosen) and places.rank <= $movies
    group by places.user_id
)

select
    chosen.user_id,
    chosen.ratings,
    chosen.last_rated_at,
    coalesce(watched.movies, []) as watched,
    coalesce(recommended.movies, []) as recommended
from chosen
left join watched on chosen.user_id = watched.user_id
left join recommended on chosen.user_id = recommended.user_id
order by chosen.ratings, chosen.user_id;

-- Are the recommended genres the watched ones?
-- one row per genre: its share of what was rated, and of the first ten places of all lists
-- A movie of several genres counts for each of them.
with watched as (
    select
        genre,
        sum(ratings) as rows
    from items
    cross join unnest(genres) as of_item (genre)
    group by genre
),

shown as (
    select
        genre,
        count(*) as rows
    from recommendations
    inner join items on recommendations.item_id = items.item_id
    cross join unnest(items.genres) as of_item (genre)
    where recommendations.rank <= 10
    group by genre
)

select
    watched.genre,
    round(watched.rows / sum(watched.rows) over (), 4) as share_watched,
    round(coalesce(shown.rows, 0) / sum(shown.rows) over (), 4) as share_shown
from watched
left join shown on watched.genre = shown.genre
order by share_watched desc, watched.genre;

-- From which decades are the watched movies, and the recommended ones?
-- one row per decade, the newest first: its share of what was rated, and of the first ten places of all lists
with watched as (
    select
        year // 10 * 10 as decade,
        sum(ratings) as rows
    from items
    where year is not null
    group by decade
),

shown as (
    select
        items.year // 10 * 10 as decade,
        count(*) as rows
    from recommendations
    inner join items on recommendations.item_id = items.item_id
    where recommendations.rank <= 10 and items.year is not null
    group by decade
)

select
    watched.decade,
    round(watched.rows / sum(watched.rows) over (), 4) as share_watched,
    round(coalesce(shown.rows, 0) / sum(shown.rows) over (), 4) as share_shown
from watched
left join shown on watched.decade = shown.decade
order by watched.decade desc;

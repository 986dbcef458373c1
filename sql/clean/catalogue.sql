-- one row: how many movies with a rating that counts there are, of how many movies says title, genres and year, and examples of ids
-- An id is no title, and neither is a text that many movies have, such as N/A.
with described as (
    select
        item_id,
        line,
        year,
        len(genres) > 0 as has_genres,
        title <> item_id and (
            count(*) over (partition by title) <= 10
            or count(*) over (partition by title) <= 0.01 * count(*) over ()
        ) as has_title
    from validated_movies
    where rule is null and title is not null
),

rated as (
    select
        item_id,
        ratings
    from items
    where ratings > 0
)

select
    count(*) as items,
    count(*) filter (where described.has_title) as titled,
    count(*) filter (where described.has_genres) as with_genres,
    count(described.year) as with_year,
    coalesce(
        list(rated.item_id order by rated.ratings desc, rated.item_id)
        filter (where described.has_title is not true), []
    )[:3] as untitled_ids,
    (
        select coalesce(list(described.item_id order by described.line), [])[:3] from described where has_title
    ) as titled_ids
from rated
left join described on rated.item_id = described.item_id;

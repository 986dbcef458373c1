-- one row: how many movies with a rating that counts there are, of how many movies says title, genres and year, and examples of ids
-- An id is no title, and neither is a text that many movies have, such as N/A.
with described as (
    select
        item_id,
        number,
        ratings,
        year,
        len(genres) > 0 as has_genres,
        title <> item_id and (
            count(*) over (partition by title) <= 10
            or count(*) over (partition by title) <= 0.01 * count_if(title <> item_id) over ()
        ) as has_title
    from items
)

select
    count_if(ratings > 0) as items,
    count_if(ratings > 0 and has_title) as titled,
    count_if(ratings > 0 and has_genres) as with_genres,
    count(year) filter (where ratings > 0) as with_year,
    coalesce(list(item_id order by number) filter (where ratings > 0 and not has_title), [])[:3] as untitled_ids,
    coalesce(list(item_id order by number) filter (where has_title), [])[:3] as titled_ids
from described;

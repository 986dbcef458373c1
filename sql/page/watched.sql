-- one row per movie of a page of the history of a user under the filters, newest first: its number, the rating, when it was given, and how many movies there are
-- parameters: $user_id, $genres, $min_year, $max_year, $offset, $size
-- A filter that is null keeps all. Past the end there is the last page.
with watched as (
    select
        items.number,
        histories.rating,
        histories.rated_at,
        row_number() over (order by histories.position) as place,
        count(*) over () as total
    from histories
    inner join items on histories.item_id = items.item_id
    where
        histories.user_id = $user_id
        and ($genres is null or list_has_any(items.genres, cast($genres as varchar [])))
        and ($min_year is null or items.year >= cast($min_year as integer))
        and ($max_year is null or items.year <= cast($max_year as integer))
)

select
    number,
    rating,
    rated_at,
    total
from watched
where place > least($offset, (total - 1) // $size * $size)
order by place
limit $size;

-- one row per movie of a page of those whose title has all of these words, or whose id is the whole text, under the filters: its number, and how many there are; the id first, then titles that begin so, then movies with more ratings
-- parameters: $words, $text, $genres, $min_year, $max_year, $only_shown, $offset, $size
-- A filter that is null keeps all. Past the end there is the last page.
with titles as (
    select
        number,
        item_id,
        strip_accents(lower(title)) as title
    from items
    where
        ($genres is null or list_has_any(genres, cast($genres as varchar [])))
        and ($min_year is null or year >= cast($min_year as integer))
        and ($max_year is null or year <= cast($max_year as integer))
        and not ($only_shown and is_hidden)
),

found as (
    select
        number,
        item_id <> $text as is_other,
        not starts_with(title, strip_accents(lower($text))) as begins_otherwise
    from titles
    where
        item_id = $text
        or len($words) = 0
        or list_bool_and(list_transform($words, lambda word: contains(title, strip_accents(lower(word)))))
),

numbered as (
    select
        number,
        row_number() over (order by is_other, begins_otherwise, number) as place,
        count(*) over () as total
    from found
)

select
    number,
    total
from numbered
where place > least($offset, (total - 1) // $size * $size)
order by place
limit $size;

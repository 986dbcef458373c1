-- one row per film whose title has all of these words, or whose id is the whole text: its number; the id first, then titles that begin so, then films with more ratings
-- parameters: $words, $text
with titles as (
    select
        number,
        item_id,
        strip_accents(lower(title)) as title
    from items
)

select number
from titles
where
    item_id = $text
    or list_bool_and(list_transform($words, lambda word: contains(title, strip_accents(lower(word)))))
order by item_id <> $text, not starts_with(title, strip_accents(lower($text))), number;

-- one row per movie whose id differs from a text by one typing error, or whose title contains it; three, the most rated first
-- parameters: $text
select
    item_id,
    title
from items
where damerau_levenshtein(item_id, $text) = 1 or contains(lower(title), lower($text))
order by ratings desc, item_id
limit 3;

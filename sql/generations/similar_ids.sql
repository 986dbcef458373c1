-- one row per movie whose id is one slip of the pen away from a text, or whose title has it; three, those rated most first
-- parameters: $text
select
    item_id,
    title
from items
where damerau_levenshtein(item_id, $text) = 1 or contains(lower(title), lower($text))
order by ratings desc, item_id
limit 3;

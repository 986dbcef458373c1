-- one row per movie; its genres are one text, for SQLite has no lists
select
    item_id,
    title,
    array_to_string(genres, '|') as genres
from items
order by item_id;

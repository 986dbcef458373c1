-- one row per film in the order of numbers: its id, and what is known of it, as UTF-8 of JSON
select
    encode(cast(to_json(item_id) as varchar)) as id,
    encode(cast(json_object('id', item_id, 'title', title, 'genres', genres) as varchar)) as item
from items
order by number;

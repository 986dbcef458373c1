-- one row per movie, in no order, as sorting takes memory: its id and number, the bytes of the id as JSON, what is known of it as UTF-8 of JSON, its year and genres, and whether it is hidden
select
    item_id,
    number,
    strlen(cast(to_json(item_id) as varchar)) as bytes_of_id,
    encode(cast(json_object('id', item_id, 'title', title, 'genres', genres) as varchar)) as item,
    year,
    array_to_string(genres, '|') as genres,
    is_hidden
from items;

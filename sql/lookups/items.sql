-- one row per film, in no order, as sorting takes memory: its id and number, the id and what is known of it as UTF-8 of JSON, its year and genres
select
    item_id,
    number,
    encode(cast(to_json(item_id) as varchar)) as id,
    encode(cast(json_object('id', item_id, 'title', title, 'genres', genres) as varchar)) as item,
    year,
    array_to_string(genres, '|') as genres
from items;

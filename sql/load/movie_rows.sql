-- one row per row of movies that parses, in the order of the file: its values, null for what is none
create or replace table movie_rows as
select
    line,
    id_of(item_id) as item_id,
    text_of(title) as title,
    text_of(genres) as genres,
    text_of(year) as year,
    attributes
from parsed_rows;

-- one row per row of movies that parses, in the order of the file: its values, null for what is none
create table movie_rows as
select
    line,
    id_of(movieid) as item_id,
    text_of(title) as title,
    text_of(genres) as genres
from parsed_rows;

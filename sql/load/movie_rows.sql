-- one row per row of movies that parses, in the order of the file: its values, null for what is none
create table movie_rows as
select
    line,
    id_of(movieid) as item_id,
    nullif(trimmed(title), '') as title,
    genres
from parsed_rows;

-- one row per row of ratings that parses, in the order of the file: its values, null for what is none
create table rating_rows as
select
    line,
    id_of(userid) as user_id,
    id_of(movieid) as item_id,
    number_of(rating) as rating,
    time_of("timestamp") as rated_at
from parsed_rows;

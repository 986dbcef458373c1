-- one row per row of ratings that parses, in the order of the file: its values, null for what is none
create table rating_rows as
select
    line,
    id_of(user_id) as user_id,
    id_of(item_id) as item_id,
    decimal_of(rating) as rating,
    time_of(rated_at) as rated_at,
    text_of(event) as event
from parsed_rows;

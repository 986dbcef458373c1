-- one row per row of users that parses, in the order of the file: its values, null for what is none
create or replace table user_rows as
select
    line,
    id_of(userid) as user_id,
    text_of(gender) as gender,
    text_of(age) as age,
    text_of(occupation) as occupation
from parsed_rows;

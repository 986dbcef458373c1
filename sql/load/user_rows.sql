-- one row per row of users that parses, in the order of the file: its values, null for what is none
create or replace table user_rows as
select
    line,
    id_of(user_id) as user_id,
    text_of(attributes['gender']) as gender,
    text_of(attributes['age']) as age,
    text_of(attributes['occupation']) as occupation,
    attributes
from parsed_rows;

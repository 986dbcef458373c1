-- one row per row of hidden that parses, in the order of the file: the id, null where there is none
create or replace table hidden_rows as
select
    line,
    id_of(item_id) as item_id
from parsed_rows;

-- one row per row of hidden whose movie is in no other file: its line and the id; added to the rejected lines, too
-- parameters: $file
create table unknown_hidden_rows as
select
    hidden_rows.line,
    hidden_rows.item_id
from hidden_rows
anti join items on hidden_rows.item_id = items.item_id
where hidden_rows.line is not null and hidden_rows.item_id is not null and not has_lost_digits(hidden_rows.item_id);

insert into rejected_lines by name
select
    $file as file,
    line,
    'unknown_item' as rule
from unknown_hidden_rows;

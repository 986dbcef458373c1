-- one row per row of hidden that names no film, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    'movie_id_missing' as rule
from hidden_rows
where item_id is null;

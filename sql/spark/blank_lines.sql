-- one row per blank line of the ratings, headers of parts included
-- parameters: $file
insert into blank_lines by name
select
    $file as file,
    line
from blank
order by line;

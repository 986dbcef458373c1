-- one row per blank line of one input file, added to those of the others
-- parameters: $file
insert into blank_lines
select
    $file as file,
    line
from other_lines
where rule is null;

-- one row per line that can be no record, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    rule
from other_lines
where rule is not null
order by line;

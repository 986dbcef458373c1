-- one row per row of ratings that breaks a rule, added to the rejected lines
-- parameters: $file
insert into rejected_lines
select
    $file as file,
    line,
    rule
from rejected_ratings;

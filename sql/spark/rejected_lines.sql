-- one row per row of ratings that breaks a rule, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    rule,
    user_id
from validated
where kind = 'rejected'
order by line;

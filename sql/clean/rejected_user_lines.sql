-- one row per row of users that does not count, added to the rejected lines
-- parameters: $file
insert into rejected_lines
select
    $file as file,
    line,
    rule
from judged_users
where rule is not null;

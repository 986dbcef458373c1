-- one row per row of users that does not count, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    rule,
    user_id
from validated_users
where rule is not null;

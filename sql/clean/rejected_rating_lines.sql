-- one row per row of ratings that breaks a rule, added to the rejected lines; not of events that are ignored
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    rule,
    user_id
from rejected_ratings
where rule <> 'event_ignored';

-- one row per row of ratings that a later one supersedes, added to the rejected lines
-- parameters: $file
insert into rejected_lines
select
    $file as file,
    line,
    'superseded' as rule
from superseded_ratings;

-- one row per row of ratings that a later one supersedes, added to the rejected lines
-- parameters: $file, $path
insert into rejected_lines by name
select
    $file as file,
    line,
    'superseded' as rule,
    user_id
from read_parquet($path)
order by line;

-- one row per line of ratings that counts after a repair, or that a later one supersedes
-- parameters: $file
create table repaired_lines as
select
    line,
    user_id
from validated
anti join superseded using (line)
where kind = 'repaired'
order by line;

insert into rejected_lines by name
select
    $file as file,
    line,
    'superseded' as rule,
    user_id
from superseded
order by line;

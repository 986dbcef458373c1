-- one row per line of ratings that counts after a repair: what it was, and the user id that it got
-- parameters: $file, $path
create table repaired_rows as
select
    $file as file,
    repaired_lines.line,
    'user_id_between_neighbours' as rule,
    text_of_line(lines.raw) as raw,
    repaired_lines.user_id
from lines_of($path) as lines
inner join repaired_lines on lines.line = repaired_lines.line;

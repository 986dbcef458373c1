-- one row per row of ratings that counts after a repair, with its raw text and the user id that it got
-- parameters: $file
insert into repaired_rows
select
    $file as file,
    repaired_lines.line,
    'user_id_between_neighbours' as rule,
    raw_lines.raw,
    repaired_lines.user_id
from raw_lines
inner join repaired_lines on raw_lines.line = repaired_lines.line;

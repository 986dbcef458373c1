-- one row per rejected line of a text file, with its raw text, added to the rejected rows
-- parameters: $file, $path
insert into rejected_rows
select
    rejected_lines.file,
    rejected_lines.line,
    rejected_lines.rule,
    text_of_line(lines.raw) as raw,
    rejected_lines.user_id
from lines_of($path) as lines
inner join rejected_lines on lines.line = rejected_lines.line
where rejected_lines.file = $file;

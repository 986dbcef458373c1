-- one row per rejected row of one file, with its raw text, added to the rejected rows
-- parameters: $file
insert into rejected_rows
select
    rejected_lines.file,
    rejected_lines.line,
    rejected_lines.rule,
    raw_lines.raw,
    rejected_lines.user_id
from raw_lines
inner join rejected_lines on raw_lines.line = rejected_lines.line
where rejected_lines.file = $file;

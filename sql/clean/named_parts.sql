-- one row per input file: which lines of its table are in it; rejected and repaired rows get its name, and the line there
create table parts as
select
    table_name,
    name,
    lines_before,
    lead(lines_before) over (partition by table_name order by lines_before) as last_line
from parts_read;

update rejected_rows
set
    file = parts.name,
    line = rejected_rows.line - parts.lines_before
from parts
where
    rejected_rows.file = parts.table_name
    and rejected_rows.line > parts.lines_before
    and (parts.last_line is null or rejected_rows.line <= parts.last_line);

update repaired_rows
set
    file = parts.name,
    line = repaired_rows.line - parts.lines_before
from parts
where
    repaired_rows.file = parts.table_name
    and repaired_rows.line > parts.lines_before
    and (parts.last_line is null or repaired_rows.line <= parts.last_line);

create table input_files as
select
    name as file,
    content
from parts_read;

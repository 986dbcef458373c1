-- one row per rejected row, under the name of the part that it is from and its line there
update rejected_rows
set
    file = parts.name,
    line = rejected_rows.line - parts.lines_before
from parts
where
    rejected_rows.file = parts.table_name
    and rejected_rows.line > parts.lines_before
    and (parts.last_line is null or rejected_rows.line <= parts.last_line);

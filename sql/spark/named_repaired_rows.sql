-- one row per repaired row, under the name of the part that it is from and its line there
update repaired_rows
set
    file = parts.name,
    line = repaired_rows.line - parts.lines_before
from parts
where
    repaired_rows.file = parts.table_name
    and repaired_rows.line > parts.lines_before
    and (parts.last_line is null or repaired_rows.line <= parts.last_line);

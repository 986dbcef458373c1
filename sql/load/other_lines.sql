-- one row per line after the header of a text file that is no record: what keeps it from being one; null if it is blank
-- parameters: $path, $header_line, $longest_line
create or replace table other_lines as
select
    line,
    case when trimmed(raw) <> '' then fault_of_line(raw, $longest_line) end as rule
from lines_of($path)
where line > $header_line and (trimmed(raw) = '' or fault_of_line(raw, $longest_line) is not null);

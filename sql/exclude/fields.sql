-- one row per line of a file that does not parse, and value in it that may be an id
-- parameters: $file, $path
select
    lines.line,
    unnest(fields_of(lines.raw)) as field
from lines_of($path) as lines
inner join rejected_lines on lines.line = rejected_lines.line
where rejected_lines.file = $file;

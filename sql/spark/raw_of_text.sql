-- one row per line of a piece of a text file that is looked up: its line, and its raw text
-- parameters: $path, $lines
select
    line,
    raw
from text_lines_of($path)
where line in (select unnest(cast($lines as bigint [])))
order by line;

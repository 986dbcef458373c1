-- one row per row of a piece of ratings that is looked up: its line among all, and its raw text
-- parameters: $file, $lines, $offset
-- $lines are in the piece; $offset is added to them.
select
    cast($file as varchar) as file,
    line + $offset as line,
    raw
from raw_lines
where line in (select unnest(cast($lines as bigint [])))
order by line;

-- one row per row of a piece of a Parquet file that is looked up: its number, and the row as JSON
-- parameters: $path, $lines
select
    line,
    raw
from json_lines_of($path)
where line in (select unnest(cast($lines as bigint [])))
order by line;

-- one row per row of a Parquet file: its number from 1, and the row as JSON
-- parameters: $path
-- JSON knows no NaN and no infinity: they are written as text.
create or replace table source_lines as
select
    file_row_number + 1 as line,
    regexp_replace(
        cast(to_json(source_row) as varchar), ':(NaN|-?Infinity)([,}\]])', ':"\1"\2', 'g'
    ) as raw
from read_parquet($path, file_row_number = true) as source_row
order by line;

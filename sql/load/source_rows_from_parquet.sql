-- one row per row of a Parquet file: its number from 1, and the values of the known columns as text
-- parameters: $path, $columns
create or replace table source_rows as
select
    file_row_number + 1 as line,
    cast(columns(lambda name: list_contains($columns, lower(name))) as varchar)
from read_parquet($path, file_row_number = true)
order by line;

-- one row per row of a Parquet file: its number from 1, and the values of the known columns as text
-- parameters: $path, $columns
-- Rows are numbered in the order of the file, which the reader keeps.
create or replace table parquet_rows as
select
    row_number() over () as line,
    cast(columns(lambda name: list_contains($columns, lower(name))) as varchar)
from read_parquet($path);

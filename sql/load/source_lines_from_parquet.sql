-- one row per row of a Parquet file: its number from 1, and the row as JSON, all values as text
-- parameters: $path
-- Text, because JSON knows no NaN and no infinity. Rows are numbered in the order of the file, which the
-- reader keeps.
create or replace table source_lines as
with whole_row_of_this_file as (
    select cast(columns(*) as varchar)
    from read_parquet($path)
)

select
    row_number() over () as line,
    cast(to_json(whole_row_of_this_file) as varchar) as raw
from whole_row_of_this_file;

-- one row per row of a Parquet file: its number from 1, and the row as JSON
-- parameters: $path
-- JSON knows no NaN and no infinity: they are written as text. The number of the row is none of its values.
create or replace table source_lines as
with numbered as (
    select
        file_row_number + 1 as line,
        cast(to_json(source_row) as varchar) as numbered_row
    from read_parquet($path, file_row_number = true) as source_row
),

plain as (
    select
        line,
        regexp_replace(numbered_row, ',"file_row_number":\d+}$', '}') as plain_row
    from numbered
)

select
    line,
    regexp_replace(plain_row, ':(NaN|-?Infinity)([,}\]])', ':"\1"\2', 'g') as raw
from plain
order by line;

-- one row per line that parses as CSV: its line number and its values as text
-- parameters: $path, $columns
-- What does not parse, the reader records in `reject_errors`.
create or replace table source_rows as
select *
from read_csv(
    $path,
    columns = $columns,
    auto_detect = false,
    header = false,
    delim = ',',
    quote = '"',
    escape = '"',
    comment = '',
    new_line = '\n',
    strict_mode = true,
    store_rejects = true
);

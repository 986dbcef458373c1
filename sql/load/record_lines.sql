-- one row per line that can be a record, led by its line number, written to a file
-- parameters: $path
-- The number travels with the row through the CSV reader, so that every row knows its line.
copy (
    select line || ',' || raw as record
    from source_lines
    where rule is null
    order by line
) to $path (format csv, header false, delimiter ',', quote '', escape '');

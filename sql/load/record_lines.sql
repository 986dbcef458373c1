-- one row per line that can be a record, led by its line number, written to a file
-- parameters: $path
-- The number travels with the row through the CSV reader, so that every row knows its line. A line
-- with an odd number of quotes would swallow the lines after it, and U+FFFD stands where bytes were
-- no UTF-8: both stay out, and `unparsed_lines.sql` records them.
copy (
    select line || ',' || raw as record
    from source_lines
    where
        (length(raw) - length(replace(raw, '"', ''))) % 2 = 0
        and not contains(raw, chr(65533))
    order by line
) to $path (format csv, header false, delimiter ',', quote '', escape '');

-- one row per line that can be a record, led by its line number, written to a file
-- parameters: $path
-- The number travels with the row through the CSV reader, so that every row knows its line. A line with
-- a quote that it does not close would swallow the lines after it: it stays out, and so does one with
-- bytes that are no text. `unparsed_lines.sql` records them.
copy (
    select line || ',' || raw as record
    from source_lines
    where not has_open_quote and not has_no_text
    order by line
) to $path (format csv, header false, delimiter ',', quote '', escape '');

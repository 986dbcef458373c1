-- one row per line of a text file that can be a record, led by its line number, written to a file
-- parameters: $path, $header_line, $longest_line, $separator, $records
-- The number travels with the row through the reader, so that every row knows its line.
copy (
    select line || $separator || raw as record
    from lines_of($path)
    where line > $header_line and trimmed(raw) <> '' and fault_of_line(raw, $longest_line) is null
) to $records (format csv, header false, delimiter ',', quote '', escape '');

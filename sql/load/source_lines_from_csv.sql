-- one row per line after the header of a text file that is not blank: line number and raw text
-- parameters: $path, $header_line
-- The file is UTF-8 with newline `\n`, made so by `batch/load.py`. The delimiter is a character that
-- it can't hold, so that a line is one value; the reader keeps the order of the file.
create or replace table source_lines as
with physical_lines as (
    select
        row_number() over () as line,
        raw
    from read_csv(
        $path,
        columns = {'raw': 'varchar'},
        auto_detect = false,
        header = false,
        delim = chr(1),
        quote = '',
        escape = '',
        comment = '',
        new_line = '\n'
    )
)

select
    line,
    raw,
    contains(raw, chr(65535)) as has_no_text,
    contains(raw, '"')
    and not regexp_matches(
        raw,
        '^(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?)(,(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?))*$'
    ) as has_open_quote
from physical_lines
where line > $header_line and trimmed(raw) <> '';

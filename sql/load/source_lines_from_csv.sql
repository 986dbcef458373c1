-- one row per line after the header of a text file that is not blank: line number, raw text, and what
-- keeps it from being a record, if that can be told before it is parsed
-- parameters: $path, $header_line, $longest_line
-- The file is UTF-8 with newline `\n`, made so by `batch/load.py`, which marks what is no text by U+FFFF
-- and what it cut out of a line by U+FFFE. The delimiter is a character that the file can't hold, so that
-- a line is one value; the reader keeps the order of the file. A line with a quote out of place would
-- swallow the lines after it.
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
    translate(raw, chr(65534) || chr(65535), chr(65533) || chr(65533)) as raw,
    case
        when contains(raw, chr(65534)) or length(raw) >= $longest_line then 'too_long'
        when contains(raw, chr(65535)) then 'not_text'
        when
            contains(raw, '"')
            and not regexp_matches(
                raw,
                '^(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?)(,(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?))*$'
            )
            then 'misplaced_quote'
    end as rule
from physical_lines
where line > $header_line and trimmed(raw) <> '';

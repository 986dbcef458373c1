-- what one value of the input means: text, a number, a time stamp, a line of a text file; `load/ids` comes before

create macro text_of(value) as case when not is_missing(value) then trimmed(value) end;

-- Whether an id has lost digits: a spreadsheet shows a long number as `1.58292E+18`, and a float holds only sixteen digits of
-- it (`1.5829212345678902e+18`; Java writes `1.5829212345678902E18`). Several ids become one that way.
create macro has_lost_digits(id) as
    regexp_full_match(id, '-?\d\.\d+[eE]\+\d+|-?\dE\+\d+|-?\d\.\d+E(1[6-9]|[2-9]\d|\d{3,})');

-- The number that an id is, if it is one that can be counted on from.
create macro integer_of(id) as
    case when length(id) <= 18 and id = cast(try_cast(id as bigint) as varchar) then try_cast(id as bigint) end;

-- What may be an id in a line that is no record, whatever stands between its values.
create macro fields_of(raw) as list_distinct(list_transform(regexp_split_to_array(raw, '[,;|"\t]'), lambda field: id_of(field)));

-- A number is written with a point and without separators: DuckDB would read `1_000` as one, too.
create macro number_of(value) as
    case when not contains(value, '_') then try_cast(trimmed(value) as double) end;

-- A time stamp is a number of seconds since 1970, or an ISO 8601 date and time, in UTC unless it has an
-- offset. What lies before 1970 or after 9999 is none: milliseconds end up there.
create macro iso_time_of(value) as
    case
        when regexp_full_match(value, '\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?')
            then try_cast(value as timestamp)
        when regexp_full_match(value, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)')
            then make_timestamp(epoch_us(try_cast(value as timestamptz)))
    end;

create macro time_of(value) as
    case
        when number_of(value) between 0 and 253402300799
            then make_timestamp(cast(round(number_of(value) * 1e6) as bigint))
        when iso_time_of(trimmed(value)) between timestamp '1970-01-01' and timestamp '9999-12-31 23:59:59.999999'
            then iso_time_of(trimmed(value))
    end;

-- A text file is UTF-8 with newline `\n`, made so by `batch/data/load.py`. The delimiter is a character that it
-- can't hold, so that a line is one value; the reader keeps the order of the file.
create macro lines_of(path) as table
    select
        row_number() over () as line,
        coalesce(raw, '') as raw
    from read_csv(
        path,
        columns = {'raw': 'varchar'},
        auto_detect = false,
        header = false,
        delim = chr(1),
        quote = '',
        escape = '',
        comment = '',
        new_line = '\n'
    );

-- What keeps a line from being a record, if that can be told before it is parsed. What is no text is marked by
-- U+FFFF, and what was cut out of a line by U+FFFE. A quote out of place would swallow the lines after it.
create macro fault_of_line(raw, longest_line) as
    case
        when contains(raw, chr(65534)) or length(raw) >= longest_line then 'too_long'
        when contains(raw, chr(65535)) then 'not_text'
        when
            contains(raw, '"')
            and not regexp_matches(
                raw,
                '^(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?)(,(\s*"([^"]|"")*"\s*|\s*([^",\s][^,]*)?))*$'
            )
            then 'misplaced_quote'
    end;

-- The lines of a text file for people to read: the marks of what is no text, or was cut out, are replacement characters.
create macro text_lines_of(path) as table
    select
        line,
        translate(raw, chr(65534) || chr(65535), chr(65533) || chr(65533)) as raw
    from lines_of(path);

-- The rows of a Parquet file as JSON, all values as text, because JSON knows no NaN and no infinity. They are numbered
-- in the order of the file, which the reader keeps.
create macro json_lines_of(path) as table
    with whole_row_of_this_file as (
        select cast(columns(*) as varchar)
        from read_parquet(path)
    )

    select
        row_number() over () as line,
        cast(to_json(whole_row_of_this_file) as varchar) as raw
    from whole_row_of_this_file;

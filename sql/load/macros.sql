-- what one value of the input means: text, a number, a time stamp, a line of a text file; `load/ids` comes before

create macro text_of(value) as case when not is_missing(value) then trimmed(value) end;

-- Whether an id has lost digits: a spreadsheet shows a long number as `1.58292E+18`, and a float holds only sixteen digits of
-- it (`1.5829212345678902e+18`; Java writes `1.5829212345678902E18`). Several ids become one that way.
create macro has_lost_digits(id) as
    regexp_full_match(id, '-?\d\.\d+[eE]\+\d+|-?\dE\+\d+|-?\d\.\d+E(1[6-9]|[2-9]\d|\d{3,})');

-- A list of JSON, or a text with separators.
create macro genres_of(value) as
    case
        when value[1] = '[' and json_valid(value) then from_json(value, '["varchar"]')
        else string_split(coalesce(value, ''), coalesce(getvariable('genre_separator'), '|'))
    end;

-- The number that an id is, if it is one that can be counted on from.
create macro integer_of(id) as
    case when length(id) <= 18 and id = cast(try_cast(id as bigint) as varchar) then try_cast(id as bigint) end;

-- What may be an id in a line that is no record, whatever stands between its values.
create macro fields_of(raw) as list_distinct(list_transform(regexp_split_to_array(raw, '[,;|"\t{}]|::|: '), lambda field: id_of(field)));

-- A number is written with a point and without separators: DuckDB would read `1_000` as one, too.
create macro number_of(value) as
    case when not contains(value, '_') then try_cast(trimmed(value) as double) end;

-- The same in a file that writes a comma before decimals, and points between thousands.
create macro decimal_of(value) as
    case
        when getvariable('decimal') = ',' then number_of(replace(replace(value, '.', ''), ',', '.'))
        else number_of(value)
    end;

-- A time without an offset is one of the zone that the spec names.
create macro in_zone(value) as
    case
        when getvariable('time_zone') = 'UTC' then value
        else make_timestamp(epoch_us(timezone(getvariable('time_zone'), value)))
    end;

create macro iso_time_of(value) as
    case
        when regexp_full_match(value, '\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?')
            then in_zone(try_cast(value as timestamp))
        when regexp_full_match(value, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|UTC|[+-]\d\d(:?\d\d)?)')
            then make_timestamp(epoch_us(try_cast(value as timestamptz)))
    end;

-- A number of microseconds since 1970. What lies after 9999 is none.
create macro time_after(microseconds) as
    case when microseconds between 0 and 253402300799e6 then make_timestamp(cast(round(microseconds) as bigint)) end;

create macro time_of_format(value) as
    case getvariable('time_format')
        when 's' then time_after(decimal_of(value) * 1e6)
        when 'ms' then time_after(decimal_of(value) * 1e3)
        when 'us' then time_after(decimal_of(value))
        when 'ns' then time_after(decimal_of(value) / 1e3)
        -- A spreadsheet counts days from the end of 1899.
        when 'excel' then in_zone(time_after(round((decimal_of(value) - 25569) * 86400) * 1e6))
        when 'yyyymmdd' then in_zone(try_strptime(trimmed(value), '%Y%m%d'))
        when 'iso' then iso_time_of(trimmed(value))
        else in_zone(try_strptime(trimmed(value), getvariable('time_format')))
    end;

-- A time stamp, in UTC. What lies before 1970 or after 9999 is none: milliseconds end up there. Unless another format is
-- declared, a number is one of seconds, and a text is ISO 8601.
create macro time_of(value) as
    case
        when getvariable('time_format') = 'auto' and number_of(value) between 0 and 253402300799
            then make_timestamp(cast(round(number_of(value) * 1e6) as bigint))
        when
            getvariable('time_format') = 'auto'
            and iso_time_of(trimmed(value)) between timestamp '1970-01-01' and timestamp '9999-12-31 23:59:59.999999'
            then iso_time_of(trimmed(value))
        when
            getvariable('time_format') <> 'auto'
            and time_of_format(value) between timestamp '1970-01-01' and timestamp '9999-12-31 23:59:59.999999'
            then time_of_format(value)
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

create macro is_object(raw) as coalesce(try(json_type(raw)) = 'OBJECT', false);

-- The text of a value in an object that may be an id: an object or a list is none.
create macro json_id(raw, path) as
    case
        when json_extract_string(raw, path)[1] in ('{', '[') and json_type(raw, path) in ('OBJECT', 'ARRAY') then null
        else json_extract_string(raw, path)
    end;

-- What keeps a line from being a record, if that can be told before it is parsed. What is no text is marked by
-- U+FFFF, and what was cut out of a line by U+FFFE. A quote out of place would swallow the lines after it.
create macro fault_of_line(raw, longest_line) as
    case
        when contains(raw, chr(65534)) or length(raw) >= longest_line then 'too_long'
        when contains(raw, chr(65535)) or contains(raw, chr(0)) then 'not_text'
        when getvariable('is_json') and not is_object(raw) then 'not_parsed'
        when
            not getvariable('is_json')
            and getvariable('record_pattern') is not null
            and contains(raw, getvariable('quote'))
            and not regexp_matches(raw, getvariable('record_pattern'))
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

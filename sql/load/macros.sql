-- what one value of the input means: text without spaces around it, an id, a time stamp

create macro trimmed(value) as trim(value, ' ' || chr(9) || chr(11) || chr(12) || chr(160));

-- An id is text; a float that is an integer is that integer (`18.0` is `18`), and an empty value or a
-- NaN, which is how tables with a missing integer are written, is no id. Large floats are written `1e+16`.
create macro id_of(value) as
    case
        when trimmed(value) in ('', 'nan', 'NaN', 'NAN') then null
        when regexp_full_match(trimmed(value), '-?\d+\.0+') then split_part(trimmed(value), '.', 1)
        when regexp_full_match(trimmed(value), '-?\d(\.\d+)?e\+\d\d')
            then cast(try_cast(try_cast(trimmed(value) as double) as hugeint) as varchar)
        else trimmed(value)
    end;

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

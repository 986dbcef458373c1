-- what one value of the input means: an id, a time stamp

-- An id is text; a float that is an integer is that integer (`18.0` is `18`), and an empty value or a
-- NaN, which is how tables with a missing integer are written, is no id.
create macro id_of(value) as
    case
        when lower(trim(value)) in ('', 'nan') then null
        when regexp_full_match(trim(value), '-?\d+\.0+') then split_part(trim(value), '.', 1)
        else trim(value)
    end;

-- A time stamp is a number of seconds since 1970, or an ISO 8601 date and time, in UTC unless it says
-- otherwise. Before 1970 or after 9999 it is none: milliseconds end up there.
create macro time_of(value) as
    case
        when try_cast(value as double) between 0 and 253402300799
            then make_timestamp(cast(round(try_cast(value as double) * 1e6) as bigint))
        when not regexp_matches(trim(value), '^[1-9]\d{3}-\d\d-\d\d') then null
        when regexp_matches(trim(value), ':.*(Z|[+-]\d\d(:?\d\d)?)$')
            then make_timestamp(epoch_us(try_cast(value as timestamptz)))
        else try_cast(value as timestamp)
    end;

-- what one value means as an id: the input is cleaned by these macros, and a published file has them for those who ask it

-- A list behind `in` would become a join, which looks at every value, also where a case needs none.
create macro is_space(character) as contains(' ' || chr(9) || chr(11) || chr(12) || chr(160), character);

-- Few values begin or end with a space: to look costs less than to trim.
create macro trimmed(value) as
    case
        when is_space(value[1]) or is_space(value[-1]) then trim(value, ' ' || chr(9) || chr(11) || chr(12) || chr(160))
        else value
    end;

-- Programs write a missing value as nothing, NaN (pandas, for numbers), NULL or \N (databases), None (Python), or <NA> (pandas).
create macro is_missing(value) as
    list_contains(['', 'nan', 'NaN', 'NAN', 'NULL', 'null', '\N', 'None', '<NA>'], trimmed(value));

-- An id is text; a float that is an integer is that integer: `18.0` is `18`, and a round number is `1e+05` in R and `1e+16`
-- in Python. Nearly all ids are plain integers, and those are told from others at little cost.
create macro id_of(value) as
    case
        when value = cast(try_cast(value as ubigint) as varchar) then value
        when is_missing(value) then null
        when regexp_full_match(trimmed(value), '-?\d+\.0+') then split_part(trimmed(value), '.', 1)
        when regexp_full_match(trimmed(value), '-?\d(\.\d\d?)?e\+(0[5-9]|[1-9]\d)')
            then cast(try_cast(try_cast(trimmed(value) as double) as hugeint) as varchar)
        else trimmed(value)
    end;

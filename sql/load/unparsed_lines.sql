-- one row per line that the reader could not parse, added to the rejected lines
-- parameters: $file
-- What is wrong with a line is the first error that the reader has recorded for it.
insert into rejected_lines by name
with reader_errors as (
    select
        cast(regexp_extract(csv_line, '^\d+') as bigint) as line,
        arg_min(cast(error_type as varchar), column_idx) as error
    from reject_errors
    group by all
)

select
    $file as file,
    line,
    case
        when error = 'MISSING COLUMNS' then 'missing_columns'
        when error = 'TOO MANY COLUMNS' then 'too_many_columns'
        else 'not_parsed'
    end as rule
from reader_errors
order by line;

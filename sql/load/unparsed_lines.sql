-- one row per line that is no record: file, line, rule and raw text, added to the rejected rows
-- parameters: $file
-- What is wrong with a line is the first error that the CSV reader has recorded for it.
insert into rejected_rows
with reader_errors as (
    select
        cast(regexp_extract(csv_line, '^\d+') as bigint) as line,
        arg_min(cast(error_type as varchar), column_idx) as error
    from reject_errors
    group by all
)

select
    $file as file,
    source_lines.line,
    case
        when source_lines.rule is not null then source_lines.rule
        when reader_errors.error = 'MISSING COLUMNS' then 'missing_columns'
        when reader_errors.error = 'TOO MANY COLUMNS' then 'too_many_columns'
        else 'not_parsed'
    end as rule,
    source_lines.raw
from source_lines
left join reader_errors on source_lines.line = reader_errors.line
where source_lines.line not in (select source_rows.line from source_rows)
order by source_lines.line;

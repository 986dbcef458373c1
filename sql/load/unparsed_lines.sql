-- one row per line that is no record: file, line, rule and raw text, added to the rejected rows
-- parameters: $file
-- The rule is the CSV reader's own name for the first thing that is wrong with the line.
insert into rejected_rows
with reader_errors as (
    select
        cast(regexp_extract(csv_line, '^\d+') as bigint) as line,
        lower(replace(arg_min(cast(error_type as varchar), column_idx), ' ', '_')) as rule
    from reject_errors
    group by all
)

select
    $file as file,
    source_lines.line,
    case
        when contains(source_lines.raw, chr(65533)) then 'not_utf8'
        when (length(source_lines.raw) - length(replace(source_lines.raw, '"', ''))) % 2 = 1
            then 'unbalanced_quote'
        else coalesce(reader_errors.rule, 'not_parsed')
    end as rule,
    source_lines.raw
from source_lines
left join reader_errors on source_lines.line = reader_errors.line
where source_lines.line not in (select source_rows.line from source_rows)
order by source_lines.line;

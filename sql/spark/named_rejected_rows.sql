-- one row per rejected row of one table of the input, under the name of the part that it is from and its line there
-- parameters: $table, $names, $lines_before
update rejected_rows
set
    file = parts.name,
    line = rejected_rows.line - parts.lines_before
from (
    select
        name,
        lines_before,
        lead(lines_before) over (order by lines_before) as last_line
    from (
        select
            unnest(cast($names as varchar [])) as name,
            unnest(cast($lines_before as bigint [])) as lines_before
    )
) as parts
where
    rejected_rows.file = $table
    and rejected_rows.line > parts.lines_before
    and (parts.last_line is null or rejected_rows.line <= parts.last_line);

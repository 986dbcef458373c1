-- one row per repaired row of ratings, under the name of the part that it is from and its line there
-- parameters: $table, $names, $lines_before
update repaired_rows
set
    file = parts.name,
    line = repaired_rows.line - parts.lines_before
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
    repaired_rows.file = $table
    and repaired_rows.line > parts.lines_before
    and (parts.last_line is null or repaired_rows.line <= parts.last_line);

-- Which rows of the input were rejected, and why?
-- one row per file and rule: how many rows broke it, and the first of them
select
    file,
    rule,
    count(*) as rows,
    min(line) as first_line,
    arg_min(raw, line) as first_raw
from rejected_rows
group by file, rule
order by rows desc, file, rule;

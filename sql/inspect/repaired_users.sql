-- Which users had rows that were repaired?
-- one row per user and rule: how many rows were repaired, from which line to which
select
    user_id,
    file,
    rule,
    count(*) as rows,
    min(line) as first_line,
    max(line) as last_line
from repaired_rows
group by user_id, file, rule
order by rows desc, user_id, file, rule;

-- one row per line of ratings whose raw text is wanted, rising
-- parameters: $file
select line
from rejected_lines
where file = $file
union
select line
from repaired_lines
order by line;

-- What was odd in the input?
-- one row per file and warning: how many rows it concerns, and what to do
select
    warning,
    file,
    rows,
    text
from input_warnings
order by file, warning, text;

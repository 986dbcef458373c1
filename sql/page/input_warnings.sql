-- one row per file and warning: what was odd in the input, how many rows it concerns, and what to do
select
    warning,
    file,
    rows,
    text
from input_warnings
order by file, warning, text;

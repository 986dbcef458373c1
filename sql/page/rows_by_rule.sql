-- one row per file and rule that rows of the input broke: how many, and the first of them
select
    outcome,
    file,
    rule,
    rows,
    examples
from rows_by_rule
order by outcome desc, rows desc, file, rule;

-- one row per input file: how many rows it has, and how many of them were rejected, by the commonest rule
-- A superseded row is no fault and is not among the rejected.
with faults as (
    select
        file,
        rule,
        count(*) as rows,
        min(line) as first_line
    from rejected_lines
    where rule not in ('superseded', 'over_max_per_user')
    group by file, rule
),

rejected as (
    select
        file,
        sum(rows) as rejected,
        arg_max({'rule': rule, 'first_line': first_line}, (rows, rule)) as commonest
    from faults
    group by file
)

select
    input_rows.file,
    input_rows.rows,
    cast(rejected.rejected as bigint) as rejected,
    rejected.commonest.rule,
    rejected.commonest.first_line
from input_rows
inner join rejected on input_rows.file = rejected.file
order by input_rows.file;

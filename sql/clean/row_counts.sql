-- one row per input file: how many rows it has, and how many of them were rejected, by the commonest rule
-- parameters: $ratings, $movies, $hidden
-- A superseded row is no fault and is not among the rejected.
with input_lines as (
    select $ratings as file, line from rating_lines
    union all
    select $movies as file, line from movie_lines
    union all
    select $hidden as file, line from hidden_lines
),

faults as (
    select
        file,
        rule,
        count(*) as rows,
        arg_min({'line': line, 'raw': raw}, line) as example
    from rejected_rows
    where rule <> 'superseded'
    group by all
),

rejected as (
    select
        file,
        sum(rows) as rejected,
        arg_max({'rule': rule, 'example': example}, (rows, rule)) as commonest
    from faults
    group by file
)

select
    input_lines.file,
    count(*) as rows,
    cast(coalesce(any_value(rejected.rejected), 0) as bigint) as rejected,
    any_value(rejected.commonest.rule) as rule,
    any_value(rejected.commonest.example.line) as line,
    any_value(rejected.commonest.example.raw) as raw
from input_lines
left join rejected on input_lines.file = rejected.file
group by input_lines.file
order by input_lines.file;

-- one row per input file: how many rows it has, without those excluded, and how many of them were rejected, superseded or capped
with of_rules as (
    select
        file,
        count(*) filter (where rule not in ('superseded', 'over_max_per_user')) as rejected,
        count(*) filter (where rule = 'superseded') as superseded,
        count(*) filter (where rule = 'over_max_per_user') as capped
    from rejected_lines
    group by file
),

held_out as (
    select
        file,
        count(*) as held_out
    from held_out_lines
    group by file
)

select
    input_rows.file,
    input_rows.rows,
    coalesce(of_rules.rejected, 0) as rejected,
    coalesce(of_rules.superseded, 0) as superseded,
    coalesce(held_out.held_out, 0) as held_out,
    coalesce(of_rules.capped, 0) as capped
from input_rows
left join of_rules on input_rows.file = of_rules.file
left join held_out on input_rows.file = held_out.file
order by input_rows.file;

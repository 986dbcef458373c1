-- one row per file and rule that rows of the input broke
-- Computed from other tables of the file, which a run fills, or a command that takes users out.
create table draft.rows_by_rule (
    outcome varchar not null,
    file varchar not null,
    rule varchar not null,
    rows bigint not null,
    examples struct(line bigint, raw varchar) [] not null
);
comment on table draft.rows_by_rule is 'One row per file and rule: how many rows of the input were rejected or repaired by it, and the first of them.';
comment on column draft.rows_by_rule.outcome is '`rejected` or `repaired`: the table in which the rows are.';
comment on column draft.rows_by_rule.file is 'Name of the input file.';
comment on column draft.rows_by_rule.rule is 'The rule, as in that table.';
comment on column draft.rows_by_rule.rows is 'How many rows.';
comment on column draft.rows_by_rule.examples is 'Line and raw text of the first three, cut after 160 characters.';
insert into draft.rows_by_rule
with recorded as (
    select
        'rejected' as outcome,
        file,
        rule,
        line,
        raw
    from draft.rejected_rows
    union all
    select
        'repaired' as outcome,
        file,
        rule,
        line,
        raw
    from draft.repaired_rows
)

select
    outcome,
    file,
    rule,
    count(*) as rows,
    arg_min({'line': line, 'raw': left(raw, 160)}, line, 3) as examples
from recorded
group by outcome, file, rule
order by outcome desc, rows desc, file, rule;

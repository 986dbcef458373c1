-- one row per part of the model that has not exactly one row of weights, per other part that has one, per effect that is not between -1 and 1, and per trait that the model does not know
-- Beyond these an effect would change nothing: at 1 a factor is at its bound, but for 0.01 %.
-- parameters: $parts
with parts as (
    select unnest(cast($parts as varchar [])) as part
),

weights as (
    select
        part,
        count(*) as times
    from draft.part_weights
    group by part
),

effects as (
    select
        part,
        trait,
        effect
    from draft.part_weights unpivot include nulls (effect for trait in (everybody, away, known))
),

faults as (
    select
        coalesce(parts.part, weights.part) as part,
        null as trait,
        null as effect,
        coalesce(weights.times, 0) as times
    from parts
    full join weights on parts.part = weights.part
    where parts.part is null or coalesce(weights.times, 0) <> 1
    union all
    select
        part,
        trait,
        effect,
        null as times
    from effects
    -- No number is above every number.
    where effect is null or effect not between -1 and 1
    union all
    select
        null as part,
        column_name as trait,
        null as effect,
        null as times
    from duckdb_columns()
    where
        database_name = 'draft'
        and table_name = 'part_weights'
        and column_name not in ('part', 'everybody', 'away', 'known')
)

select
    part,
    trait,
    effect,
    times
from faults
order by part, trait;

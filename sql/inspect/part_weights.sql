-- By what is the weight of each part of the model multiplied, and for whom?
-- one row per part: the factor for a user a month away of whom 64 positives are known, for one who was away three days or a year, and for one with 6 or 650 positives
with factors as (
    select
        part,
        1.25 ^ tanh(everybody / ln(1.25)) as usual,
        1.25 ^ tanh((everybody - away) / ln(1.25)) as away_three_days,
        1.25 ^ tanh((everybody + away) / ln(1.25)) as away_a_year,
        1.25 ^ tanh((everybody + known) / ln(1.25)) as many_positives,
        1.25 ^ tanh((everybody - known) / ln(1.25)) as few_positives
    from part_weights
)

select
    part,
    usual,
    away_three_days,
    away_a_year,
    few_positives,
    many_positives
from factors
order by (select list_position(map_keys(parts), part) from generation);

-- one row per row of ratings that parses: repaired user id, and the rule that rejects it, if any
-- Of several ratings of one film by one user the latest counts; among equal times the later line.
create table judged_ratings as
with repaired as (
    select
        typed_ratings.line,
        coalesce(typed_ratings.user_id, missing_user_blocks.user_id) as user_id,
        typed_ratings.item_id,
        typed_ratings.rating,
        typed_ratings.rated_at,
        missing_user_blocks.user_id is not null as is_repaired,
        typed_ratings.rule
    from typed_ratings
    left join missing_user_blocks
        on
            typed_ratings.user_id is null
            and typed_ratings.line between missing_user_blocks.first_line and missing_user_blocks.last_line
),

faulty as (
    select
        line,
        user_id,
        item_id,
        rating,
        rated_at,
        is_repaired,
        case when rule is null and user_id is null then 'user_id_missing' else rule end as rule
    from repaired
),

ordered as (
    select
        *,
        row_number() over (
            partition by user_id, item_id, rule is null
            order by rated_at desc nulls last, line desc
        ) as recency
    from faulty
)

select
    line,
    user_id,
    item_id,
    rating,
    rated_at,
    is_repaired,
    case when rule is null and recency > 1 then 'superseded' else rule end as rule
from ordered
order by line;

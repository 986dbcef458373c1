-- one row per user or movie that has not exactly one vector, or one that holds a value that is no finite number, or too many or too few of them
-- Files of older versions do not say how many numbers a vector has: as many as most.
-- parameters: $columns
with vectors as (
    select
        users.user_id as id,
        'user' as kind,
        user_factors.factors
    from draft.users
    left join draft.user_factors on users.user_id = user_factors.user_id
    union all
    select
        items.item_id as id,
        'item' as kind,
        item_factors.factors
    from draft.items
    left join draft.item_factors on items.item_id = item_factors.item_id
    where items.ratings > 0 or item_factors.item_id is not null
),

whole as (
    select coalesce(cast($columns as bigint), mode(len(factors))) as length
    from draft.item_factors
)

select
    kind,
    id,
    count(factors) as vectors,
    max(len(factors)) as numbers
from vectors
cross join whole
group by kind, id, length
having
    count(factors) <> 1
    or max(len(factors)) <> length
    or bool_or(len(list_filter(factors, lambda value: value is null or not isfinite(value))) > 0)
order by kind, id;

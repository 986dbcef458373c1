-- one row per user or movie that has not exactly one vector, or one that holds a value that is no finite number
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
)

select
    kind,
    id,
    count(factors) as vectors
from vectors
group by kind, id
having
    count(factors) <> 1
    or bool_or(len(list_filter(factors, lambda value: value is null or not isfinite(value))) > 0)
order by kind, id;

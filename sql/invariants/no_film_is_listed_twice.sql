-- one row per list and film that stands in it more than once; the popular list is that of nobody
with lists as (
    select
        user_id,
        item_id
    from draft.recommendations
    union all
    select
        null as user_id,
        item_id
    from draft.popular
)

select
    user_id,
    item_id,
    count(*) as times
from lists
group by user_id, item_id
having count(*) > 1
order by user_id, item_id;

-- one row per list whose ranks are not 1, 2, 3 and so on; the popular list is that of nobody
with lists as (
    select
        user_id,
        rank
    from draft.recommendations
    union all
    select
        null as user_id,
        rank
    from draft.popular
)

select
    user_id,
    min(rank) as first_rank,
    max(rank) as last_rank,
    count(*) as length
from lists
group by user_id
having min(rank) <> 1 or max(rank) <> count(*) or count(distinct rank) <> count(*)
order by user_id;

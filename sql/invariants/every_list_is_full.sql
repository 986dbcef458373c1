-- one row per user whose list does not have exactly min(N, films not yet seen) items
-- parameters: $top_n
with candidates as (
    select count(*) as items
    from draft.items
    where ratings > 0 and not is_hidden
),

seen as (
    select
        histories.user_id,
        count(*) as items
    from draft.histories
    inner join draft.items on histories.item_id = items.item_id
    where not items.is_hidden
    group by histories.user_id
),

lists as (
    select
        user_id,
        count(*) as length
    from draft.recommendations
    group by user_id
)

select
    users.user_id,
    coalesce(lists.length, 0) as length,
    least($top_n, candidates.items - coalesce(seen.items, 0)) as expected_length
from draft.users
cross join candidates
left join seen on users.user_id = seen.user_id
left join lists on users.user_id = lists.user_id
where coalesce(lists.length, 0) <> least($top_n, candidates.items - coalesce(seen.items, 0))
order by users.user_id;

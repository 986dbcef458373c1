-- one row: how many users have a list before, after and both, how many of the lists that both have changed, and how much
-- The overlap at a depth is the share of movies that two lists have in common among their first movies, up to that depth.
-- The overlap of two empty lists is 1.
with lists_before as (
    select
        user_id,
        list(item_id order by rank) as items
    from before.recommendations
    group by user_id
),

lists_after as (
    select
        user_id,
        list(item_id order by rank) as items
    from after.recommendations
    group by user_id
),

paired as (
    select
        users_before.user_id,
        coalesce(lists_before.items, []) as items_before,
        coalesce(lists_after.items, []) as items_after
    from before.users as users_before
    inner join after.users as users_after on users_before.user_id = users_after.user_id
    left join lists_before on users_before.user_id = lists_before.user_id
    left join lists_after on users_before.user_id = lists_after.user_id
),

compared as (
    select
        items_before <> items_after as is_changed,
        len(list_intersect(items_before[:10], items_after[:10]))
        / nullif(greatest(len(items_before[:10]), len(items_after[:10])), 0) as overlap_at_10,
        len(list_intersect(items_before, items_after))
        / nullif(greatest(len(items_before), len(items_after)), 0) as overlap
    from paired
)

select
    (select count(*) from before.users) as users_before,
    (select count(*) from after.users) as users_after,
    count(*) as users_of_both,
    count(*) filter (where is_changed) as lists_changed,
    count(*) filter (where is_changed) / nullif(count(*), 0) as share_changed,
    avg(coalesce(overlap_at_10, 1)) as overlap_at_10,
    avg(coalesce(overlap, 1)) as overlap
from compared;

-- one row: how many users have a list before, after and both, how many of the lists that both have changed, and how much
-- The overlap at a depth is the share of films that two lists have in common among their first films, up to that depth.
-- Two empty lists overlap wholly.
with lists_before as (
    select
        user_id,
        list(item_id order by rank) as films
    from before.recommendations
    group by user_id
),

lists_after as (
    select
        user_id,
        list(item_id order by rank) as films
    from after.recommendations
    group by user_id
),

paired as (
    select
        users_before.user_id,
        coalesce(lists_before.films, []) as films_before,
        coalesce(lists_after.films, []) as films_after
    from before.users as users_before
    inner join after.users as users_after on users_before.user_id = users_after.user_id
    left join lists_before on users_before.user_id = lists_before.user_id
    left join lists_after on users_before.user_id = lists_after.user_id
),

compared as (
    select
        films_before <> films_after as is_changed,
        len(list_intersect(films_before[:10], films_after[:10]))
        / nullif(greatest(len(films_before[:10]), len(films_after[:10])), 0) as overlap_at_10,
        len(list_intersect(films_before, films_after))
        / nullif(greatest(len(films_before), len(films_after)), 0) as overlap
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

-- Which movies are in more lists, and which in fewer, than in the generation before?
-- one row per movie, a hundred of them, those that moved most first
with lists_now as (
    select
        item_id,
        count(*) as lists
    from recommendations
    group by item_id
),

lists_before as (
    select
        item_id,
        count(*) as lists
    from before.recommendations
    group by item_id
),

both_times as (
    select
        coalesce(lists_now.item_id, lists_before.item_id) as item_id,
        coalesce(lists_before.lists, 0) as lists_before,
        coalesce(lists_now.lists, 0) as lists_now
    from lists_now
    full join lists_before on lists_now.item_id = lists_before.item_id
)

select
    both_times.item_id,
    coalesce(items.title, items_before.title) as title,
    both_times.lists_before,
    both_times.lists_now,
    both_times.lists_now - both_times.lists_before as moved
from both_times
left join items on both_times.item_id = items.item_id
left join before.items as items_before on both_times.item_id = items_before.item_id
where both_times.lists_now <> both_times.lists_before
order by abs(both_times.lists_now - both_times.lists_before) desc, both_times.item_id
limit 100;

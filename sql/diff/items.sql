-- one row per movie that is in many more lists than before, or in many fewer: the most risen first, the most fallen last
-- parameters: $items
with counts_before as (
    select
        item_id,
        count(*) as lists
    from before.recommendations
    group by item_id
),

counts_after as (
    select
        item_id,
        count(*) as lists
    from after.recommendations
    group by item_id
),

changes as (
    select
        coalesce(counts_before.item_id, counts_after.item_id) as item_id,
        coalesce(counts_before.lists, 0) as lists_before,
        coalesce(counts_after.lists, 0) as lists_after,
        coalesce(counts_after.lists, 0) - coalesce(counts_before.lists, 0) as change
    from counts_before
    full join counts_after on counts_before.item_id = counts_after.item_id
),

placed as (
    select
        item_id,
        lists_before,
        lists_after,
        change,
        row_number() over (order by change desc, item_id) as place_of_risen,
        row_number() over (order by change, item_id) as place_of_fallen
    from changes
    where change <> 0
)

select
    placed.item_id,
    coalesce(items_after.title, items_before.title) as title,
    placed.lists_before,
    placed.lists_after,
    placed.change
from placed
left join before.items as items_before on placed.item_id = items_before.item_id
left join after.items as items_after on placed.item_id = items_after.item_id
where
    (placed.change > 0 and placed.place_of_risen <= $items)
    or (placed.change < 0 and placed.place_of_fallen <= $items)
order by placed.change desc, placed.item_id;

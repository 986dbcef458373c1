-- one row per movie that is in many more lists than before, or in many fewer: the greatest gain first, the greatest loss last
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

ranked as (
    select
        item_id,
        lists_before,
        lists_after,
        change,
        row_number() over (order by change desc, item_id) as rank_of_gain,
        row_number() over (order by change, item_id) as rank_of_loss
    from changes
    where change <> 0
)

select
    ranked.item_id,
    coalesce(items_after.title, items_before.title) as title,
    ranked.lists_before,
    ranked.lists_after,
    ranked.change
from ranked
left join before.items as items_before on ranked.item_id = items_before.item_id
left join after.items as items_after on ranked.item_id = items_after.item_id
where
    (ranked.change > 0 and ranked.rank_of_gain <= $items)
    or (ranked.change < 0 and ranked.rank_of_loss <= $items)
order by ranked.change desc, ranked.item_id;

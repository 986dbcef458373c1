-- one row per movie that is hidden now, or that only the forgotten user has rated: which of the two
select
    items_before.item_id,
    items_after.ratings = 0 as is_unrated
from kept.items as items_before
inner join draft.items as items_after on items_before.item_id = items_after.item_id
where
    items_before.ratings > 0
    and (items_after.ratings = 0 or (items_after.is_hidden and not items_before.is_hidden))
order by items_before.item_id;

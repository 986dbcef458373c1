-- one row per movie of both generations whose title, year or genres differ: what they were, and are; those rated most first
-- parameters: $items
select
    items_before.item_id,
    items_before.title as title_before,
    items_after.title as title_after,
    items_before.year as year_before,
    items_after.year as year_after,
    items_before.genres as genres_before,
    items_after.genres as genres_after
from before.items as items_before
inner join after.items as items_after on items_before.item_id = items_after.item_id
where
    items_before.title <> items_after.title
    or items_before.year is distinct from items_after.year
    or items_before.genres <> items_after.genres
order by items_after.ratings desc, items_before.item_id
limit $items;

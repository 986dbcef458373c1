-- one row per movie that is hidden now, or that only the forgotten user has rated: which of the two
-- Items are filled first: ratings of the forgotten user no longer count, and a movie without ratings has no vector.
insert into draft.items
with rated as (
    select
        item_id,
        count(*) as ratings,
        avg(rating) as mean_rating
    from draft.histories
    group by item_id
)

select
    items.* replace (
        coalesce(rated.ratings, 0) as ratings,
        rated.mean_rating as mean_rating,
        case when rated.ratings > 0 then items.popularity end as popularity,
        items.is_hidden or coalesce(items.item_id = getvariable('change').item_id, false) as is_hidden
    )
from kept.items
left join rated on items.item_id = rated.item_id
order by items.item_id;

insert into draft.item_factors
select item_factors.*
from kept.item_factors
where
    item_id in (select items.item_id from draft.items where items.ratings > 0)
    -- New movies have a vector without a rating.
    or item_id in (select items.item_id from kept.items where items.ratings = 0)
order by item_id;

select
    items_before.item_id,
    items_after.ratings = 0 and items_before.ratings > 0 as is_unrated
from kept.items as items_before
inner join draft.items as items_after on items_before.item_id = items_after.item_id
where
    items_before.item_id in (select item_factors.item_id from kept.item_factors)
    and (
        (items_after.ratings = 0 and items_before.ratings > 0)
        or (items_after.is_hidden and not items_before.is_hidden)
    )
order by items_before.item_id;

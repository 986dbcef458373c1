-- one row: how many movies there are before, after and both, of how many title, year or genres differ, and the share of rated
-- movies with a title
-- The share is null where a generation is older than that metric.
with paired as (
    select
        items_before.title <> items_after.title as is_other_title,
        items_before.year is distinct from items_after.year as is_other_year,
        items_before.genres <> items_after.genres as is_other_genres
    from before.items as items_before
    inner join after.items as items_after on items_before.item_id = items_after.item_id
)

select
    (select count(*) from before.items) as items_before,
    (select count(*) from after.items) as items_after,
    count(*) as items_of_both,
    count(*) filter (where is_other_title) as titles_changed,
    count(*) filter (where is_other_year) as years_changed,
    count(*) filter (where is_other_genres) as genres_changed,
    (
        select value from before.metrics where metric = 'catalogue_share' and model = 'published'
    ) as catalogue_share_before,
    (
        select value from after.metrics where metric = 'catalogue_share' and model = 'published'
    ) as catalogue_share_after
from paired;

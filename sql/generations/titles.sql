-- one row per rated movie that has a title: its id and the title
select
    item_id,
    title
from items
where ratings > 0 and title <> item_id
order by item_id;

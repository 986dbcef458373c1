-- one row per movie of that id: its title, and whether it may be in a list
-- parameters: $item_id
select
    title,
    ratings > 0 and not is_hidden as is_shown
from items
where item_id = $item_id
order by item_id;

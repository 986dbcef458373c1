-- one row per movie that may be shown, most popular first, equal ones as in `popular`: its number
select number
from items
where ratings > 0 and not is_hidden
order by popularity desc, item_id;

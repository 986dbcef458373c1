-- one row per movie that somebody is left who has rated
insert into draft.item_factors
select item_factors.*
from kept.item_factors
anti join (select item_id from gone_items where not is_hidden) as unrated on item_factors.item_id = unrated.item_id;

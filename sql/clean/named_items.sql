-- one row per movie that a row of ratings without a usable value names: somebody has seen it
create view named_items as
select distinct seen_item_id as item_id
from rejected_ratings
where seen_item_id is not null;

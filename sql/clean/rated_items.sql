-- one row per movie with a rating that counts: how many, and their mean; null where they have no stars
create view rated_items as
select
    cast(item_id as varchar) as item_id,
    count(*) as ratings,
    avg(rating) as mean_rating
from interactions
group by item_id;

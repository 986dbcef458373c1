-- one row per movie with a rating that counts; ids of movies are those of the local run by it
create view valid_ratings as
select item_id
from rated_items;

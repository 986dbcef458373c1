-- one row per film with a rating that counts; ids of films are those of the local run by it
create view valid_ratings as
select item_id
from rated_items;

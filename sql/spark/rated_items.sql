-- one row per movie with a rating that counts: how many, and their mean; null where they have no stars
-- parameters: $path
create table rated_items as
select
    item_id,
    ratings,
    mean_rating
from read_parquet($path);

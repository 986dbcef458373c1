-- one row per row of ratings of a share of users that breaks no rule, as it comes from Spark
create view valid_ratings as
select
    line,
    user_id,
    item_id,
    rating,
    make_timestamp(rated_at) as rated_at
from sound_ratings_here;

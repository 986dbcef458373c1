-- one row per stage and rating: how many rows have it, before and after cleaning; no rows for what is no number
select
    stage,
    rating,
    rows
from rating_counts
where rating is not null
order by stage desc, rating;

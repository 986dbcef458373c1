-- one row per user and film: the ratings that count
create table ratings as
select
    user_id,
    item_id,
    rating,
    rated_at,
    line
from judged_ratings
where rule is null
order by line;

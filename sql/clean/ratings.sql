-- one row per user and movie: the ratings that count; by user, newest first
create view ratings as
select
    user_id,
    item_id,
    rating,
    rated_at,
    line
from ordered_ratings
where not is_superseded;

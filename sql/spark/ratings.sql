-- one row per user and movie: the ratings that count; by user, newest first
create view ratings as
select
    user_id,
    unnest(watched) as item_id,
    unnest(stars) as rating,
    make_timestamp(unnest(watched_at)) as rated_at
from users_written;

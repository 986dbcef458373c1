-- one row per interaction that counts, with its position in the history of the user
create view interactions as
select
    user_id,
    unnest(watched) as item_id,
    unnest(stars) as rating,
    make_timestamp(unnest(watched_at)) as rated_at,
    unnest(range(1, len(watched) + 1)) as position
from users_written;

-- Ratings that a later one supersedes stay on the cluster; `evaluate` alone reads them, and there.
create view all_interactions as
from interactions;

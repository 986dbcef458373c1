-- one row per user and movie or rank, or per user: what the local run has in tables and frames, from what the workers have written
create view interactions as
select
    user_id,
    unnest(watched) as item_id,
    unnest(stars) as rating,
    unnest(weights) as weight,
    make_timestamp(unnest(watched_at)) as rated_at,
    unnest(range(1, len(watched) + 1)) as position
from users_written;

-- Ratings that a later one supersedes stay on the cluster; `evaluate` alone reads them, and there.
create view all_interactions as
from interactions;

create view lists as
select
    user_id,
    unnest(range(1, len(listed) + 1)) as rank,
    unnest(listed) as item_id,
    unnest(scores) as score,
    unnest(because_items) as because_item_id,
    unnest(reason_of) as reason
from users_written;

create view rendered as
select
    user_id,
    recommendations,
    because,
    history,
    segment,
    seen,
    reasons
from users_written;

create view user_vectors as
select
    user_id,
    columns('factor_\d+')
from users_written;

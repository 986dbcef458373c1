-- one row per user and rank: the list, and the movie that speaks most for each of its movies
create view lists as
select
    user_id,
    unnest(range(1, len(listed) + 1)) as rank,
    unnest(listed) as item_id,
    unnest(scores) as score,
    unnest(reasons) as because_item_id
from users_written;

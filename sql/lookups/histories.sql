-- one row per known user of those asked for: the history of the user, as numbers of movies
-- parameters: $user_ids
select
    user_id,
    history
from lookups
where user_id in $user_ids;

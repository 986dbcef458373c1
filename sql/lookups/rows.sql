-- one row per known user of those asked for: list, reasons and history of the user as numbers of movies, the segment, and what else is seen
-- parameters: $user_ids
select
    user_id,
    recommendations,
    because,
    history,
    segment,
    seen
from lookups
where user_id in $user_ids;

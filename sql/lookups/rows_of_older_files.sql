-- one row per known user of those asked for, from a file that does not say what else is seen: list, reasons and history of the user as numbers of movies, and the segment
-- parameters: $user_ids
select
    user_id,
    recommendations,
    because,
    history,
    segment
from lookups
where user_id in $user_ids;

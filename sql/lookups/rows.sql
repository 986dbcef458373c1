-- one row per known user of those asked for: list, explanations and history of the user as numbers of movies, the segment, and the first letters of the reasons
-- parameters: $user_ids
-- Files of older versions lack the last one.
select
    user_id,
    recommendations,
    because,
    history,
    columns('^(segment|reasons)$')
from lookups
where user_id in $user_ids;

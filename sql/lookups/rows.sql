-- one row per known user of those asked for: list, explanations and history of the user as numbers of movies, the segment, what else is seen, and the first letters of the reasons
-- parameters: $user_ids
select
    user_id,
    recommendations,
    because,
    history,
    segment,
    seen,
    reasons
from lookups
where user_id in $user_ids;

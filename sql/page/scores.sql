-- one row per place in the list of a user: the movie, and its score
-- parameters: $user_id
select
    item_id,
    score
from recommendations
where user_id = $user_id
order by rank;

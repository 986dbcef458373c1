-- one row per place of the history of a user that is asked for: the rating, and when it was given
-- parameters: $user_id, $positions
select
    position,
    rating,
    rated_at
from histories
where user_id = $user_id and list_contains($positions, position)
order by position;

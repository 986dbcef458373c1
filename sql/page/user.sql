-- one row, none for a user who is unknown: how much the user has watched, since when, and what is known of the user
-- parameters: $user_id
select
    ratings,
    first_rated_at,
    last_rated_at,
    gender,
    age_group,
    occupation
from users
where user_id = $user_id;

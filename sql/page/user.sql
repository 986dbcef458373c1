-- one row, none for a user who is unknown: how much the user has watched, since when, what is known of the user, and the scores of the list by number of the movie
-- parameters: $user_id
select
    ratings,
    first_rated_at,
    last_rated_at,
    gender,
    age_group,
    occupation,
    (
        select map(list(items.number), list(recommendations.score))
        from recommendations
        inner join items on recommendations.item_id = items.item_id
        where recommendations.user_id = $user_id
    ) as scores
from users
where user_id = $user_id;

-- one row per user of the ratings who is not among the users with the right number, or the other way round
with expected as (
    select
        user_id,
        count(*) as ratings
    from interactions
    group by user_id
)

select
    user_id,
    expected.ratings as expected_ratings,
    users.ratings
from expected
full join draft.users using (user_id)
where expected.ratings is distinct from users.ratings
order by user_id;

-- one row per example user: from the one with the fewest ratings to the one with the most, in even steps
-- parameters: $users
with placed as (
    select
        user_id,
        ratings,
        first_rated_at,
        last_rated_at,
        row_number() over (order by ratings, user_id) - 1 as place,
        count(*) over () - 1 as last_place
    from users
),

steps as (
    select unnest(range($users)) as step
)

select distinct
    placed.user_id,
    placed.ratings,
    placed.first_rated_at,
    placed.last_rated_at
from placed
inner join steps on placed.place = round(placed.last_place * steps.step / greatest($users - 1, 1))
order by placed.ratings, placed.user_id;

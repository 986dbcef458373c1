-- one row per user whose history is not exactly the ratings that count, or who is missing
with expected as (
    select
        user_id,
        count(*) as films
    from ratings
    group by user_id
),

found as (
    select
        user_id,
        count(distinct item_id) as films,
        min(position) as first_position,
        max(position) as last_position,
        count(distinct position) as positions
    from draft.histories
    group by user_id
),

listed as (
    select
        user_id,
        ratings
    from draft.users
)

select
    user_id,
    expected.films as expected_films,
    found.films,
    listed.ratings
from expected
full join found using (user_id)
full join listed using (user_id)
where
    expected.films is distinct from found.films
    or expected.films is distinct from listed.ratings
    or found.first_position <> 1
    or found.last_position <> found.films
    or found.positions <> found.films
order by user_id;

-- one row per user whose history does not consist of the interactions that count, each in its position
-- Two sets of rows are the same if there are as many, and the sums of the hashes of the rows are the same.
with expected as (
    select
        cast(user_id as varchar) as user_id,
        count(*) as interactions,
        sum(hash(cast(position as integer), cast(item_id as varchar))) as sum_of_numbers
    from interactions
    group by user_id
),

stored as (
    select
        user_id,
        count(*) as positions,
        sum(hash(position, item_id)) as sum_of_numbers
    from draft.histories
    group by user_id
)

select
    coalesce(expected.user_id, stored.user_id) as user_id,
    expected.interactions,
    stored.positions
from expected
full join stored on expected.user_id = stored.user_id
where
    expected.interactions is distinct from stored.positions
    or expected.sum_of_numbers is distinct from stored.sum_of_numbers
order by user_id;

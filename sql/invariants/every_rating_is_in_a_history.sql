-- one row per rating that counts and is not in its place in a history, or place that no rating has
with expected as (
    select
        user_id,
        row_number() over (partition by user_id order by rated_at desc nulls last, line desc) as position,
        item_id
    from ratings
),

found as (
    select
        user_id,
        position,
        item_id
    from draft.histories
)

select user_id, position, expected.item_id as expected_item_id, found.item_id as found_item_id
from expected
full join found using (user_id, position)
where expected.item_id is distinct from found.item_id
order by user_id, position;

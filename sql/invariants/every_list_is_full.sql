-- one row per user whose list does not have min(N, movies not yet seen) items, or more by new movies
-- After a command has taken movies out of lists, a list may be as many items shorter, but only if it was cut off at N.
-- $repeats says whether what is in a history may be recommended again.
-- parameters: $top_n, $min_n, $repeats
with candidates as (
    select count(*) as items
    from draft.items
    where ratings > 0 and not is_hidden
),

new_items as (
    select count(*) as items
    from draft.items
    semi join draft.item_factors on items.item_id = item_factors.item_id
    where items.ratings = 0 and not items.is_hidden
),

hidden as (
    select item_id
    from draft.items
    where is_hidden
),

hidden_and_seen as (
    select
        histories.user_id,
        count(*) as items
    from draft.histories
    semi join hidden on histories.item_id = hidden.item_id
    group by histories.user_id
),

-- What is seen without an interaction.
only_seen as (
    select
        seen_items.user_id,
        count(*) as items
    from draft.seen_items
    anti join hidden on seen_items.item_id = hidden.item_id
    group by seen_items.user_id
),

lists as (
    select
        user_id,
        count(*) as length
    from draft.recommendations
    group by user_id
),

lengths as (
    select
        users.user_id,
        coalesce(lists.length, 0) as length,
        new_items.items as new_items,
        candidates.items
        - case when $repeats then 0 else users.ratings - coalesce(hidden_and_seen.items, 0) end
        - coalesce(only_seen.items, 0) as candidates
    from draft.users
    cross join candidates
    cross join new_items
    left join hidden_and_seen on users.user_id = hidden_and_seen.user_id
    left join only_seen on users.user_id = only_seen.user_id
    left join lists on users.user_id = lists.user_id
)

select
    user_id,
    length,
    least($top_n, candidates) as expected_length
from lengths
where length not between least($min_n, candidates) and least($top_n, candidates + new_items)
order by user_id;

-- one row per user and item that only rows without a usable value name: seen, but for nothing else
create table seen_items as
with named as (
    select distinct
        try_cast(user_id as user_ids) as user_id,
        try_cast(seen_item_id as item_ids) as item_id
    from rejected_ratings
    where seen_item_id is not null
),

theirs as (
    select
        interactions.user_id,
        interactions.item_id
    from interactions
    semi join named on interactions.user_id = named.user_id
)

select
    named.user_id,
    named.item_id
from named
anti join theirs on named.user_id = theirs.user_id and named.item_id = theirs.item_id
where named.user_id is not null and named.item_id is not null
order by named.user_id, named.item_id;

-- one row per event of a made-up shop, in the order of time: user, item, kind, and when; the same rows each time
-- parameters: $rows, $users, $items
-- Users and items are long-tailed. Of ten rows four are of a pair that has a row a little before: what is looked at is put
-- into the cart, or bought.
create or replace view events as
with seeds as (
    select
        range as row,
        case when range % 10 >= 6 then range - 6 else range end as pair
    from range($rows)
),

drawn as (
    select
        row,
        row % 10 >= 6 as is_repeat,
        (hash(pair) % 1_000_003) / 1_000_003 as user_share,
        (hash(pair + 0.5) % 1_000_003) / 1_000_003 as item_share,
        hash(row + 0.25) % 4 as kind
    from seeds
)

select
    1 + cast(floor($users * pow(user_share, 1.5)) as bigint) as visitorid,
    1 + cast(floor($items * pow(item_share, 2)) as bigint) as itemid,
    case when not is_repeat or kind > 1 then 'view' when kind = 1 then 'addtocart' else 'transaction' end as event,
    1_430_000_000_000 + row * 500 as "timestamp"
from drawn;

-- one row per event of a made-up shop, in the order of time: user, item, kind, and when, in milliseconds; written to a file
-- parameters: $rows, $users, $items, $path
-- Users and items are long-tailed. Of ten rows four are of a pair that has a row a little before: what was looked at is looked
-- at again, put into the cart, or bought. The same numbers give the same rows.
copy (
    with seeds as (
        select
            range as row,
            range % 10 >= 6 as is_repeat,
            case when range % 10 >= 6 then range - 6 else range end as pair
        from range($rows)
    ),

    drawn as (
        select
            row,
            is_repeat,
            (hash(pair) % 1000003) / 1000003 as user_share,
            (hash(pair + 0.5) % 1000003) / 1000003 as item_share,
            hash(row + 0.25) % 4 as kind
        from seeds
    )

    select
        1 + cast(floor($users * pow(user_share, 1.5)) as bigint) as visitor,
        1 + cast(floor($items * pow(item_share, 2)) as bigint) as product,
        case when not is_repeat or kind > 1 then 'view' when kind = 1 then 'addtocart' else 'transaction' end as event,
        1430000000000 + row * 500 as "time"
    from drawn
) to $path;

-- Which users have the same first ten movies as others?
-- one row per list that several users have, a hundred of them, the most common first: its movies and some of the users
with lists as (
    select
        user_id,
        list(item_id order by rank) as item_ids
    from recommendations
    where rank <= 10
    group by user_id
)

select
    count(*) as users,
    list(user_id order by user_id)[:5] as some_users,
    item_ids
from lists
group by item_ids
having count(*) > 1
order by users desc, item_ids
limit 100;

-- Which users have mostly movies of the popular list in their own list?
-- one row per user, a hundred of them, the most popular lists first: which share of the first ten movies is among the popular ones
-- The popular movies are as many as the depth of a list, less those that the user has watched.
with first_items as (
    select
        recommendations.user_id,
        count(*) as items,
        count(popular.item_id) as popular_items
    from recommendations
    left join popular on recommendations.item_id = popular.item_id
    where recommendations.rank <= 10
    group by recommendations.user_id
)

select
    first_items.user_id,
    users.ratings,
    first_items.items,
    first_items.popular_items,
    round(first_items.popular_items / first_items.items, 3) as share
from first_items
inner join users on first_items.user_id = users.user_id
order by share desc, users.ratings, first_items.user_id
limit 100;

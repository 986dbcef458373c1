-- Which users lost most of their list since the generation before?
-- one row per user that both generations have, a hundred of them, whose lists have least in common first
with kept as (
    select
        lists_before.user_id,
        count(*) as items_before,
        count(recommendations.item_id) as items_left
    from before.recommendations as lists_before
    semi join users on lists_before.user_id = users.user_id
    left join recommendations
        on lists_before.user_id = recommendations.user_id and lists_before.item_id = recommendations.item_id
    group by lists_before.user_id
)

select
    kept.user_id,
    kept.items_before,
    kept.items_left,
    round(1 - kept.items_left / kept.items_before, 3) as share_lost,
    users.ratings - coalesce(users_before.ratings, 0) as new_ratings
from kept
inner join users on kept.user_id = users.user_id
left join before.users as users_before on kept.user_id = users_before.user_id
order by share_lost desc, kept.user_id
limit 100;

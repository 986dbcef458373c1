-- one row per chosen user and rank, by user: places of user and movie in the order of ids, -1 for a movie without a vector
with users as (
    select
        user_id,
        row_number() over (order by user_id) - 1 as place
    from user_factors
    semi join chosen_users using (user_id)
),

items as (
    select
        item_id,
        row_number() over (order by item_id) - 1 as place
    from item_factors
)

select
    cast(users.place as integer) as user_index,
    cast(coalesce(items.place, -1) as integer) as item_index,
    recommendations.score
from recommendations
inner join users on recommendations.user_id = users.user_id
left join items on recommendations.item_id = items.item_id
order by user_index, recommendations.rank;

-- one row per chosen user and movie watched, as places in the order of ids of users and of movies with a vector
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
    cast(items.place as integer) as item_index
from histories
inner join users on histories.user_id = users.user_id
inner join items on histories.item_id = items.item_id
order by user_index, item_index;

-- one row per chosen user and film watched, as places in the order of ids of users and of films with a vector
with users as (
    select
        user_id,
        row_number() over (order by user_id) - 1 as place
    from user_factors
    semi join chosen_users using (user_id)
),

films as (
    select
        item_id,
        row_number() over (order by item_id) - 1 as place
    from item_factors
)

select
    cast(users.place as integer) as user_index,
    cast(films.place as integer) as item_index
from histories
inner join users on histories.user_id = users.user_id
inner join films on histories.item_id = films.item_id
order by user_index, item_index;

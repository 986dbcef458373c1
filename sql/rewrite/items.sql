-- one row per movie: ratings of who is left out no longer count, and what is hidden is
insert into draft.items
with rated as (
    select distinct histories.item_id
    from kept.histories
    semi join gone_users on histories.user_id = gone_users.user_id
),

counted as (
    select
        histories.item_id,
        count_if(gone_users.user_id is null) as ratings,
        avg(histories.rating) filter (where gone_users.user_id is null) as mean_rating
    from kept.histories
    semi join rated on histories.item_id = rated.item_id
    left join gone_users on histories.user_id = gone_users.user_id
    group by histories.item_id
)

select
    items.* replace (
        coalesce(counted.ratings, items.ratings) as ratings,
        case when counted.item_id is null then items.mean_rating else counted.mean_rating end as mean_rating,
        case when counted.ratings is null or counted.ratings > 0 then items.popularity end as popularity,
        items.is_hidden or coalesce(gone_items.is_hidden, false) as is_hidden
    )
from kept.items
left join counted on items.item_id = counted.item_id
left join gone_items on items.item_id = gone_items.item_id
order by items.item_id;

-- one row per user and rank: lists that held a movie which leaves them are filled again
-- What else is said of a movie in a list stays with it; of a movie that enters, nothing is. A movie that leaves the lists is no
-- reason any more.
insert into draft.recommendations
with untouched as (
    select recommendations.*
    from kept.recommendations
    anti join refilled_users on recommendations.user_id = refilled_users.user_id
    anti join gone_users on recommendations.user_id = gone_users.user_id
),

filled_again as (
    select
        recommendations.* replace (
            refilled.user_id as user_id,
            refilled.rank as rank,
            refilled.item_id as item_id,
            refilled.score as score
        )
    from refilled
    left join kept.recommendations
        on refilled.user_id = recommendations.user_id and refilled.item_id = recommendations.item_id
)

select
    * replace (
        case when because_item_id not in (select gone_items.item_id from gone_items) then because_item_id end
            as because_item_id
    )
from (
    select * from untouched
    union all
    select * from filled_again
)
order by user_id, rank;

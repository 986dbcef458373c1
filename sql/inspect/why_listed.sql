-- Why are movies in the lists?
-- one row per user and place in the list, of ten users drawn once and for all and three places: the reason, and the movie of the history that explains it best
with chosen as (
    select user_id
    from users
    order by md5(user_id), user_id
    limit 10
)

select
    recommendations.user_id,
    recommendations.rank,
    items.title,
    recommendations.reason,
    reasons.title as because_of,
    histories.position,
    histories.rating
from recommendations
semi join chosen on recommendations.user_id = chosen.user_id
inner join items on recommendations.item_id = items.item_id
left join items as reasons on recommendations.because_item_id = reasons.item_id
left join histories
    on
        recommendations.user_id = histories.user_id
        and recommendations.because_item_id = histories.item_id
where recommendations.rank in (1, 5, 10)
order by md5(recommendations.user_id), recommendations.user_id, recommendations.rank;

-- one row per movie in the lists of these users, with the movie of the history because of which it is there
-- parameters: $user_ids, $items
select
    recommendations.user_id,
    recommendations.rank,
    items.title,
    items.genres,
    reasons.title as because
from recommendations
inner join items on recommendations.item_id = items.item_id
left join items as reasons on recommendations.because_item_id = reasons.item_id
where list_contains($user_ids, recommendations.user_id) and recommendations.rank <= $items
order by recommendations.user_id, recommendations.rank;

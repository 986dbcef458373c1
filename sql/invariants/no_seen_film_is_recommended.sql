-- one row per recommendation of a film that the user has watched
select
    recommendations.user_id,
    recommendations.rank,
    recommendations.item_id
from draft.recommendations
semi join draft.histories
    on
        recommendations.user_id = histories.user_id
        and recommendations.item_id = histories.item_id
order by recommendations.user_id, recommendations.rank;

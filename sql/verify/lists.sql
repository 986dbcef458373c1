-- one row per chosen user and rank, by user: positions of user and movie in the order of ids, -1 for a movie without a vector
select
    user_positions.user_index as index,
    coalesce(item_positions.item_index, -1) as item_index,
    recommendations.score
from recommendations
inner join user_positions using (user_id)
left join item_positions using (item_id)
order by index, recommendations.rank;

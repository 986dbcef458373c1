-- one row per chosen user, by position: the id and the vector
select
    user_id,
    user_factors.factors
from user_factors
inner join user_positions using (user_id)
order by user_positions.user_index;

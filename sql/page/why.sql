-- one row: the parts whose sum is the score of a movie for a user
-- parameters: $user_id, $item_id
select
    taste,
    next,
    trend
from why($user_id, $item_id);

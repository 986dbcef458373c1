-- one row per user, but for some, whose list has one of these movies
-- parameters: $item_ids, $user_ids
create temp table chosen_users as
select distinct user_id
from recommendations
where list_contains($item_ids, item_id) and not list_contains($user_ids, user_id);

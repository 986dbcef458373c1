-- one row: the user that is forgotten and the movie that is hidden; null for none
-- parameters: $user_id, $item_id
set variable change = {'user_id': cast($user_id as varchar), 'item_id': cast($item_id as varchar)};

-- one row: whether a user is known before, and after
-- parameters: $user_id
select
    exists (from before.users where user_id = $user_id) as is_known_before,
    exists (from after.users where user_id = $user_id) as is_known_after;

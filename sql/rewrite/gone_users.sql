-- one row per user who is left out
-- parameters: $user_ids
create or replace table gone_users as
select unnest(cast($user_ids as varchar [])) as user_id;

-- one row per row of a piece of ratings that lacks a user id and got one: its line in the piece, and that user
-- parameters: $lines, $user_ids
create table repaired_users as
select
    unnest(cast($lines as bigint [])) as line,
    unnest(cast($user_ids as varchar [])) as user_id;

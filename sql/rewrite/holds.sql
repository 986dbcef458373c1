-- one row: how many rows of a generation are of these users
-- parameters: $user_ids
select
    (select count(*) from kept.users where list_contains($user_ids, user_id))
    + (select count(*) from kept.histories where list_contains($user_ids, user_id))
    + (select count(*) from kept.repaired_rows where list_contains($user_ids, user_id))
    + (select count(*) from kept.rejected_rows where is_row_of($user_ids, file, rule, raw, user_id)) as rows;

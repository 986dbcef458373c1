-- one row: how many rows of a generation are of the user that is forgotten; every user of a history is in `users`
select
    (select count(*) from kept.users where user_id = getvariable('change').user_id)
    + (select count(*) from kept.repaired_rows where user_id = getvariable('change').user_id)
    + (select count(*) from kept.rejected_rows where is_of_forgotten_user(file, rule, raw, user_id)) as rows;

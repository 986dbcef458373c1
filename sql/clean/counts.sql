-- one row: how many rows, users and movies there are after cleaning
-- parameters: $file
select
    (select rows from input_rows where file = $file) as rows_read,
    (select count(*) from interactions) as rows_kept,
    (select count(*) from repaired_lines) as rows_repaired,
    (select count(*) from rejected_lines where file = $file and rule not in ('superseded', 'over_max_per_user')) as rows_rejected,
    (select count(*) from rejected_lines where file = $file and rule = 'superseded') as rows_superseded,
    (select count(*) from all_interactions where position is null and getvariable('meaning').adds_up) as rows_merged,
    (select count(*) from held_out_lines where file = $file) as rows_held_out,
    (select count(*) from rejected_lines where file = $file and rule = 'over_max_per_user') as rows_capped,
    (select count(*) from rejected_ratings where rule = 'event_ignored') as rows_ignored,
    (select count(*) from users) as users,
    (select count(*) from items where ratings > 0) as items;

-- one row: how many rows of ratings, and movies with ratings, there are after cleaning
-- parameters: $file
select
    (select rows from input_rows where file = $file) as rows_read,
    (select coalesce(cast(sum(ratings) as bigint), 0) from rated_items) as rows_kept,
    (select count(*) from repaired_lines) as rows_repaired,
    (select count(*) from rejected_lines where file = $file and rule not in ('superseded', 'over_max_per_user')) as rows_rejected,
    (select count(*) from rejected_lines where file = $file and rule = 'superseded') as rows_superseded,
    (select count(*) from superseded where getvariable('meaning').adds_up) as rows_merged,
    (select count(*) from held_out_lines where file = $file) as rows_held_out,
    (select count(*) from capped_ratings) as rows_capped,
    (select coalesce(cast(sum(rows) as bigint), 0) from validated where kind = 'ignored') as rows_ignored,
    (select count(*) from rated_items) as items;

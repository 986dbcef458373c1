-- one row: what became of the rows of ratings that did not just count, and how many movies have a rating
-- parameters: $file
select
    (select count(*) from rejected_lines where file = $file and rule <> 'superseded') as rows_rejected,
    (select count(*) from rejected_lines where file = $file and rule = 'superseded') as rows_superseded,
    (select count(*) from repaired_lines) as rows_repaired,
    (select count(*) from rated_items) as items;

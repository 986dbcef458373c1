-- one row: how many rows an input file has, added to the others
-- parameters: $file, $rows
insert into input_rows
select
    $file as file,
    $rows as rows;

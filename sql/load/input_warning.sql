-- one row: what is odd in the input, added to the others
-- parameters: $warning, $file, $rows, $text, $user_id
insert into input_warnings
select
    $warning as warning,
    $file as file,
    $rows as rows,
    $text as text,
    $user_id as user_id;

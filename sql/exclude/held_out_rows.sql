-- one row per line that is excluded, taken out of rows, repairs, rejected lines and the numbers of rows
delete from rating_rows
where line in (select held_out_lines.line from held_out_lines where held_out_lines.is_rating);
delete from repaired_users
where line in (select held_out_lines.line from held_out_lines where held_out_lines.is_rating);
delete from user_rows
where line in (select held_out_lines.line from held_out_lines where not held_out_lines.is_rating);
delete from rejected_lines
where (file, line) in (select (held_out_lines.file, held_out_lines.line) from held_out_lines);
update input_rows
set rows = rows - (select count(*) from held_out_lines where held_out_lines.file = input_rows.file);

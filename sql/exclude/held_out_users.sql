-- one row per row of users that is of one of these, added to the lines that are held out
-- parameters: $file, $user_ids
insert into held_out_lines
select
    $file as file,
    line,
    false as is_rating
from user_rows
where list_contains($user_ids, user_id);

-- one row per row of ratings of these users, added to the lines that are held out
-- parameters: $file, $user_ids
insert into held_out_lines
select
    $file as file,
    rating_rows.line,
    true as is_rating
from rating_rows
left join repaired_users on rating_rows.line = repaired_users.line
where list_contains($user_ids, coalesce(rating_rows.user_id, repaired_users.user_id));

-- one row per row of ratings or users that is of one of these users, added to the lines that are excluded
-- parameters: $ratings, $users, $user_ids
insert into held_out_lines
select
    $ratings as file,
    rating_rows.line,
    true as is_rating
from rating_rows
left join repaired_users on rating_rows.line = repaired_users.line
where list_contains($user_ids, coalesce(rating_rows.user_id, repaired_users.user_id))
union all
select
    $users as file,
    line,
    false as is_rating
from user_rows
where list_contains($user_ids, user_id);

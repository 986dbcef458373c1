-- one row per row of ratings that breaks no rule, in the order of the file
create view valid_ratings as
select
    rating_rows.line,
    coalesce(rating_rows.user_id, repaired_users.user_id) as user_id,
    rating_rows.item_id,
    rating_rows.rating,
    rating_rows.rated_at
from rating_rows
left join repaired_users on rating_rows.line = repaired_users.line
anti join rejected_ratings on rating_rows.line = rejected_ratings.line;

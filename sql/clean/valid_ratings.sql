-- one row per row of ratings that breaks no rule, in the order of the file, with what it weighs as a yes
-- A weight of 0 is no yes: the item was seen. A negative event weighs -1.
create view valid_ratings as
select
    rating_rows.line,
    coalesce(rating_rows.user_id, repaired_users.user_id) as user_id,
    rating_rows.item_id,
    case when not is_unrated(rating_rows.rating) then rating_rows.rating end as rating,
    rating_rows.rated_at,
    weight_of(rating_rows.rating, rating_rows.event) as weight
from rating_rows
left join repaired_users on rating_rows.line = repaired_users.line
anti join rejected_ratings on rating_rows.line = rejected_ratings.line;

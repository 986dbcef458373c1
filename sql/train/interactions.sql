-- one row per rating that counts, users and films as indices; by user, oldest first
-- Equal times keep the order of the file, and where there are no times that order is the order of time.
select
    user_indices.user_index,
    item_indices.item_index,
    cast(ratings.rating as float) as rating,
    epoch(ratings.rated_at) as rated_at,
    row_number() over (order by ratings.rated_at, ratings.line) - 1 as place_in_time
from ratings
inner join user_indices on ratings.user_id = user_indices.user_id
inner join item_indices on ratings.item_id = item_indices.item_id
order by user_indices.user_index, place_in_time;

-- one row per rating that counts, users and films as indices; ordered as a sparse matrix by rows is
select
    user_indices.user_index,
    item_indices.item_index,
    cast(ratings.rating as float) as rating
from ratings
inner join user_indices on ratings.user_id = user_indices.user_id
inner join item_indices on ratings.item_id = item_indices.item_id
order by user_indices.user_index, item_indices.item_index;

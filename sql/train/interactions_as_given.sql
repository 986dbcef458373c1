-- one row per rating that parses, users and films as indices, also where a later one supersedes it; by user, oldest first
-- What was rated again after a cut was rated before it, too: only a split can tell which of the two counts.
select
    user_indices.user_index,
    item_indices.item_index,
    cast(judged_ratings.rating as float) as rating,
    epoch(judged_ratings.rated_at) as rated_at,
    row_number() over (order by judged_ratings.rated_at, judged_ratings.line) - 1 as place_in_time
from judged_ratings
inner join user_indices on judged_ratings.user_id = user_indices.user_id
inner join item_indices on judged_ratings.item_id = item_indices.item_id
where judged_ratings.rule is null or judged_ratings.rule = 'superseded'
order by user_indices.user_index, place_in_time;

-- one row per rating, users and movies as indices; by user, newest first, as the ratings are stored
-- parameters: $as_given
-- As given are also those that a later one supersedes: what was rated again after a cut was rated before it, too, and only
-- a split can tell which of the two counts.
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index,
    cast(rating as float) as rating,
    epoch(rated_at) as rated_at,
    line
from ordered_ratings
where $as_given or not is_superseded;

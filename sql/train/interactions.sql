-- one row per interaction, users and movies as indices; by user, newest first, or without times in the order of movies
-- parameters: $as_given
-- As given are also those that a later one supersedes: what was rated again after a cut was rated before it, too, and only
-- a split can tell which of the two counts.
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index,
    cast(rating as float) as rating,
    epoch(rated_at) as rated_at,
    line
from all_interactions
where $as_given or position is not null
order by
    all_interactions.user_id,
    all_interactions.rated_at desc nulls last,
    case when all_interactions.rated_at is null then enum_code(all_interactions.item_id) end,
    all_interactions.line desc;

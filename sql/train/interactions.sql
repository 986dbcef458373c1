-- one row per interaction, users and movies as indices; by user, newest first, or without times in the order of movies
-- parameters: $as_given
-- As given are also those that a later one supersedes: what was rated again after a cut was rated before it, too, and only
-- a split can tell which of the two counts, and what those that add up add up to: each has the weight that it has alone.
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index,
    cast(
        case
            when $as_given then coalesce(merged_ratings.own_weight, all_interactions.weight)
            else confidence_of(all_interactions.weight)
        end as float
    ) as weight,
    epoch(rated_at) as rated_at,
    all_interactions.line
from all_interactions
left join merged_ratings on all_interactions.line = merged_ratings.line
where $as_given or position is not null
order by
    all_interactions.user_id,
    all_interactions.rated_at desc nulls last,
    case when all_interactions.rated_at is null then enum_code(all_interactions.item_id) end,
    all_interactions.line desc;

-- one row per interaction, users and movies as indices; by user, newest first, or without times in the order of movies
-- parameters: $as_given
-- As given are also those that a later one supersedes: what was rated again after a cut was rated before it, too, and only
-- a split can tell which of the two counts, and what those that add up add up to: each has the weight that it has alone.
-- Stars that are no positive have the weight -1.
select
    cast(enum_code(user_id) as integer) as user_index,
    cast(enum_code(item_id) as integer) as item_index,
    cast(
        case
            when rating is not null and weight = 0 and not getvariable('meaning').adds_up then -1
            when $as_given then coalesce(own_weight, weight)
            else confidence_of(weight)
        end as float
    ) as weight,
    epoch(rated_at) as rated_at,
    line
from all_interactions
where $as_given or position is not null
order by
    user_id,
    rated_at desc nulls last,
    case when rated_at is null then enum_code(item_id) end,
    line desc;

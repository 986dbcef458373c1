-- one row per row of ratings that breaks no rule: users and movies as enums of their ids, and the position in the history of the user
-- Position 1 is the newest. Among equal times, and where there are none, the later line of the file is newer. A rating that a
-- later one of the same user and movie supersedes has no position.
create table all_interactions as
select
    cast(user_id as user_ids) as user_id,
    cast(item_id as item_ids) as item_id,
    rating,
    rated_at,
    weight,
    cast(null as float) as own_weight,
    line,
    row_number() over (partition by cast(user_id as user_ids) order by rated_at desc nulls last, line desc) as position
from valid_ratings
order by user_id, position;

-- A pair of user and movie is one number. Few are there twice: those are found by sorting the numbers alone, which takes
-- less time and memory than to count them.
create table superseded_ratings as
with pairs as not materialized (
    select
        line,
        position,
        cast(enum_code(user_id) as bigint) * 4294967296 + enum_code(item_id) as pair
    from all_interactions
),

steps as (
    select
        pair,
        lag(pair) over (order by pair) as pair_before
    from pairs
),

repeated as (
    select distinct pair
    from steps
    where pair = pair_before
),

ordered as (
    select
        pairs.line,
        row_number() over (partition by pairs.pair order by pairs.position) as recency
    from pairs
    semi join repeated on pairs.pair = repeated.pair
)

select line
from ordered
where recency > 1;

update all_interactions
set position = null
where line in (select superseded_ratings.line from superseded_ratings);

update all_interactions
set position = closed_up.position
from (
    select
        line,
        row_number() over (partition by user_id order by position) as position
    from all_interactions
    where
        position is not null
        and user_id in (select superseded.user_id from all_interactions as superseded where superseded.position is null)
) as closed_up
where all_interactions.line = closed_up.line;

drop table superseded_ratings;

create view interactions as
select
    user_id,
    item_id,
    rating,
    rated_at,
    confidence_of(weight) as weight,
    line,
    position
from all_interactions
where position is not null;

-- one row per row of ratings that breaks no rule: users and movies as enums of their ids, and the position in the history of the user
-- A user or a movie is stored as a small number, its place in the order of ids as text: the row that it has in the matrices.
-- Position 1 is the newest. Among equal times, and where there are none, the later line of the file is newer. A row that a
-- later one of the same user and movie supersedes has no position. If weights add up, it has none either, and what it weighs
-- is added to that of the newest row.
create type user_ids as enum (
    select user_id
    from (select distinct user_id from valid_ratings)
    order by user_id
);

create type item_ids as enum (
    select item_id
    from (select distinct item_id from valid_ratings)
    order by item_id
);

create table all_interactions as
select
    cast(user_id as user_ids) as user_id,
    cast(item_id as item_ids) as item_id,
    rating,
    rated_at,
    weight,
    line,
    row_number() over (partition by cast(user_id as user_ids) order by rated_at desc nulls last, line desc) as position
from valid_ratings
order by user_id, position;

-- A pair of user and movie is one number. Few are there twice: those are found by sorting the numbers alone, which takes
-- less time and memory than to count them.
create table repeated_ratings as
with pairs as not materialized (
    select
        line,
        position,
        rated_at,
        weight,
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
)

select
    pairs.pair,
    pairs.line,
    pairs.rated_at,
    pairs.weight,
    row_number() over (partition by pairs.pair order by pairs.position) as recency
from pairs
semi join repeated on pairs.pair = repeated.pair;

update all_interactions
set position = null
where line in (select repeated_ratings.line from repeated_ratings where recency > 1);

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

-- A negative event takes back what is not newer; without times, all. The weight that the newest row has alone is kept:
-- a split of the evaluation adds up what it knows.
create table merged_ratings as
with cancelled as (
    select
        pair,
        line,
        recency,
        weight,
        weight > 0 and coalesce(
            rated_at > max(rated_at) filter (where weight < 0) over (partition by pair),
            not bool_or(weight < 0) over (partition by pair)
        ) as counts
    from repeated_ratings
    where getvariable('meaning').adds_up
)

select
    arg_min(line, recency) as line,
    arg_min(weight, recency) as own_weight,
    coalesce(sum(weight order by recency) filter (where counts), 0) as weight
from cancelled
group by pair;

update all_interactions
set weight = merged_ratings.weight
from merged_ratings
where all_interactions.line = merged_ratings.line;

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

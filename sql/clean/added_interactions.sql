-- one row per row of ratings that breaks no rule, if weights of the same user and movie add up, and the position in the history of the user
-- Position 1 is the newest. Among equal times, and where there are none, the later line of the file is newer. Only the newest row
-- of a user and a movie has a position, and what the others weigh is added to it.
create table coded_ratings as
select
    cast(user_id as user_ids) as user_id,
    cast(item_id as item_ids) as item_id,
    rating,
    rated_at,
    weight,
    line
from valid_ratings;

-- A pair of user and movie is one number. Those that are there twice are found by sorting the numbers alone, which takes less
-- time and memory than to count them. A number says which row of a pair is the newest: by its time, and then by its line.
-- A negative event takes back what is not newer; without times, all. Sums of integers are exact in any order; others are added
-- up in the order of rows, so that they are the same in every run.
create table repeated_ratings as
with pairs as not materialized (
    select
        line,
        weight,
        rated_at,
        cast(coalesce(epoch_us(rated_at) + 1, 0) as hugeint) * 4294967296 + line as recency,
        cast(enum_code(user_id) as bigint) * 4294967296 + enum_code(item_id) as pair
    from coded_ratings
),

steps as (
    select
        pair,
        lag(pair) over (order by pair) as pair_before
    from pairs
),

twice as (
    select pair
    from steps
    where pair = pair_before
)

select pairs.*
from pairs
semi join twice on pairs.pair = twice.pair;

create table repeated_pairs as
with taken_back as (
    select
        pair,
        max(coalesce(rated_at, cast('infinity' as timestamp))) as until
    from repeated_ratings
    where weight < 0
    group by pair
),

counted as not materialized (
    select
        repeated_ratings.*,
        repeated_ratings.weight > 0
        and coalesce(repeated_ratings.rated_at > taken_back.until, taken_back.pair is null) as counts
    from repeated_ratings
    left join taken_back on repeated_ratings.pair = taken_back.pair
),

added_up as (
    select
        pair,
        max(recency) as newest,
        coalesce(sum(weight) filter (where counts), 0) as weight,
        bool_and(weight = trunc(weight) and weight < 4294967296) as is_exact
    from counted
    group by pair
),

in_order as (
    select
        counted.pair,
        sum(counted.weight order by counted.recency desc) as weight
    from counted
    semi join added_up on counted.pair = added_up.pair and not added_up.is_exact
    where counted.counts
    group by counted.pair
)

select
    added_up.pair,
    cast(added_up.newest % 4294967296 as bigint) as newest_line,
    coalesce(in_order.weight, added_up.weight) as weight
from added_up
left join in_order on added_up.pair = in_order.pair;

-- The weight that the newest row has alone is kept: a split of the evaluation adds up what it knows.
create table all_interactions as
with told as (
    select
        coded_ratings.*,
        repeated_pairs.weight as sum_of_pair,
        coalesce(coded_ratings.line = repeated_pairs.newest_line, true) as is_newest
    from coded_ratings
    left join repeated_pairs
        on
            repeated_pairs.pair
            = cast(enum_code(coded_ratings.user_id) as bigint) * 4294967296 + enum_code(coded_ratings.item_id)
)

select
    user_id,
    item_id,
    rating,
    rated_at,
    case when is_newest and getvariable('meaning').adds_up then coalesce(sum_of_pair, weight) else weight end as weight,
    cast(
        case when is_newest and sum_of_pair is not null and getvariable('meaning').adds_up then weight end as float
    ) as own_weight,
    line,
    case
        when is_newest
            then row_number() over (partition by user_id, is_newest order by rated_at desc nulls last, line desc)
    end as position
from told
order by user_id, rated_at desc nulls last, line desc;

drop table coded_ratings;

drop table repeated_ratings;

drop table repeated_pairs;

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

-- one row per user with a positive since the generation attached as `previous`: how long they were away, how many new positives they have, and which of the first $depth places had one
-- parameters: $depth, $max_users
-- Places are bits: the first is 1, the second 2, the third 4. `found` are those of the list that the service gave: the own list of a
-- user who is known to `previous`, the popular list for others. `found_by_popular` are those of the popular list without what the
-- user had seen, however deep it goes. Of known and of unknown users, $max_users are drawn, the same from night to night.
with known_until as (
    -- A time may be up to an hour after the start of a run, if a clock is wrong: nothing known can be newer than that start.
    select
        repeats = 'recommend' as recommends_repeats,
        least((select max(users.last_rated_at) from previous.users), started_at) as moment
    from previous.generation
),

-- What is older arrived late, or was corrected: nobody did it after the lists were made. Times may be days, so equal ones count.
later as materialized (
    select
        cast(interactions.user_id as varchar) as user_id,
        cast(interactions.item_id as varchar) as item_id,
        interactions.weight,
        interactions.rated_at
    from interactions
    where interactions.rated_at >= (select known_until.moment from known_until)
),

drawn as materialized (
    select
        later.user_id,
        any_value(users.user_id) is not null as is_known,
        any_value(users.last_rated_at) as last_known_at,
        count(*) over (partition by any_value(users.user_id) is not null) as people
    from later
    left join previous.users on later.user_id = users.user_id
    where later.weight > 0
    group by later.user_id
    qualify row_number() over (partition by is_known order by md5(later.user_id), later.user_id) <= $max_users
),

watched as materialized (
    select
        histories.user_id,
        histories.item_id,
        histories.rated_at
    from previous.histories
    semi join drawn on histories.user_id = drawn.user_id
),

only_seen as materialized (
    select
        seen_items.user_id,
        seen_items.item_id
    from previous.seen_items
    semi join drawn on seen_items.user_id = drawn.user_id
),

new_ones as materialized (
    select later.*
    from later
    semi join drawn on later.user_id = drawn.user_id
    cross join known_until
    left join watched on later.user_id = watched.user_id and later.item_id = watched.item_id
    anti join only_seen on later.user_id = only_seen.user_id and later.item_id = only_seen.item_id
    where watched.item_id is null or (known_until.recommends_repeats and later.rated_at > watched.rated_at)
),

came_back as materialized (
    select
        user_id,
        min(rated_at) as first_new_at,
        count(*) filter (where weight > 0) as positives
    from new_ones
    group by user_id
    having count(*) filter (where weight > 0) > 0
),

positives as materialized (
    select
        new_ones.user_id,
        new_ones.item_id
    from new_ones
    where new_ones.weight > 0
),

by_popularity as materialized (
    select
        item_id,
        row_number() over (order by popularity desc, item_id) as place
    from previous.items
    where popularity > 0 and not is_hidden
),

-- In the popular list of a user, what was seen leaves its place to those below it.
candidates as (
    select
        positives.user_id,
        by_popularity.place,
        false as is_left_out
    from positives
    inner join by_popularity on positives.item_id = by_popularity.item_id
    union all
    select
        watched.user_id,
        by_popularity.place,
        true as is_left_out
    from watched
    inner join by_popularity on watched.item_id = by_popularity.item_id
    cross join known_until
    where not known_until.recommends_repeats
    union all
    select
        only_seen.user_id,
        by_popularity.place,
        true as is_left_out
    from only_seen
    inner join by_popularity on only_seen.item_id = by_popularity.item_id
),

in_popular_list as (
    select
        user_id,
        is_left_out,
        place - count(*) filter (where is_left_out) over (partition by user_id order by place) as rank
    from candidates
),

found_by_popular as (
    select
        user_id,
        bit_or(cast(1 << (rank - 1) as bigint)) as places
    from in_popular_list
    where not is_left_out and rank <= $depth
    group by user_id
),

found_by_list as (
    select
        recommendations.user_id,
        bit_or(cast(1 << (recommendations.rank - 1) as bigint)) as places
    from previous.recommendations
    inner join positives
        on recommendations.user_id = positives.user_id and recommendations.item_id = positives.item_id
    where recommendations.rank <= $depth
    group by recommendations.user_id
)

select
    came_back.user_id,
    drawn.is_known,
    drawn.people,
    date_diff('microsecond', drawn.last_known_at, came_back.first_new_at) / 86400e6 as days_away,
    came_back.positives,
    coalesce(case when drawn.is_known then found_by_list.places else found_by_popular.places end, 0) as found,
    coalesce(found_by_popular.places, 0) as found_by_popular
from came_back
inner join drawn on came_back.user_id = drawn.user_id
left join found_by_list on came_back.user_id = found_by_list.user_id
left join found_by_popular on came_back.user_id = found_by_popular.user_id
order by came_back.user_id;

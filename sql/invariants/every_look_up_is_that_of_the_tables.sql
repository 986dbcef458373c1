-- one row per user and text of `lookups` that is not what the table says
-- A text and the rows of a table are the same if the sums of a number made from each position and film are.
with texts as (
    select
        'recommendations' as place,
        user_id,
        recommendations as films
    from draft.lookups
    union all
    select
        'histories' as place,
        user_id,
        history as films
    from draft.lookups
),

looked_up as (
    select
        place,
        user_id,
        films,
        case
            when films <> ''
                then list_transform(string_split(films, ','), lambda film, position: cast(hash(position, try_cast(film as bigint)) as hugeint))
        end as numbers
    from texts
),

tables as (
    select
        'recommendations' as place,
        user_id,
        rank as position,
        item_id
    from draft.recommendations
    union all
    select
        'histories' as place,
        user_id,
        position,
        item_id
    from draft.histories
),

told as (
    select
        tables.place,
        tables.user_id,
        count(*) as films,
        sum(hash(cast(tables.position as bigint), cast(items.number as bigint))) as sum_of_numbers
    from tables
    inner join draft.items on tables.item_id = items.item_id
    group by tables.place, tables.user_id
)

select
    coalesce(looked_up.place, told.place) as place,
    coalesce(looked_up.user_id, told.user_id) as user_id,
    looked_up.films as looked_up,
    told.films as films_in_table
from looked_up
full join told on looked_up.place = told.place and looked_up.user_id = told.user_id
where
    coalesce(len(looked_up.numbers), 0) <> coalesce(told.films, 0)
    or list_sum(looked_up.numbers) is distinct from told.sum_of_numbers
order by place, user_id;

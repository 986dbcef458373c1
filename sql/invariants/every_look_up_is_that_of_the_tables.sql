-- one row per user or movie whose text in a look-up differs from the table; a movie without a reason has an empty entry in the text
-- A text and the rows of a table are the same if the sums of the hashes of position and movie are; what is only seen has no order.
-- Files of older versions have no text of that.
with whole as (
    select
        user_id,
        seen
    from (
        select *
        from draft.lookups
        union all by name
        select '' as seen
        where false
    )
),

texts as (
    select
        'recommendations' as place,
        user_id as owner,
        recommendations as films
    from draft.lookups
    union all
    -- A user without a list has no reasons: an empty text would be one movie without a reason.
    select
        'because' as place,
        user_id as owner,
        because as films
    from draft.lookups
    where recommendations <> '' or because <> ''
    union all
    select
        'histories' as place,
        user_id as owner,
        history as films
    from draft.lookups
    union all
    select
        'seen_items' as place,
        user_id as owner,
        seen as films
    from whole
    where seen <> ''
    union all
    select
        'similar_items' as place,
        item_id as owner,
        similar_items as films
    from draft.similar_lookups
),

looked_up as (
    select
        place,
        owner,
        films,
        case
            when films <> '' or place = 'because'
                then list_transform(
                    string_split(films, ','),
                    lambda item, position: cast(hash(case when place = 'seen_items' then 1 else position end, case when item = '' then 0 else try_cast(item as bigint) end) as hugeint)
                )
        end as numbers
    from texts
),

tables as (
    select
        'recommendations' as place,
        user_id as owner,
        rank as position,
        item_id
    from draft.recommendations
    union all
    select
        'because' as place,
        user_id as owner,
        rank as position,
        because_item_id as item_id
    from draft.recommendations
    union all
    select
        'histories' as place,
        user_id as owner,
        position,
        item_id
    from draft.histories
    union all
    select
        'seen_items' as place,
        user_id as owner,
        1 as position,
        item_id
    from draft.seen_items
    union all
    select
        'similar_items' as place,
        item_id as owner,
        rank as position,
        similar_item_id as item_id
    from draft.similar_items
),

stored as (
    select
        tables.place,
        tables.owner,
        count(*) as films,
        sum(hash(cast(tables.position as bigint), cast(case when tables.item_id is null then 0 else items.number end as bigint))) as sum_of_numbers
    from tables
    left join draft.items on tables.item_id = items.item_id
    group by tables.place, tables.owner
)

select
    coalesce(looked_up.place, stored.place) as place,
    coalesce(looked_up.owner, stored.owner) as owner,
    looked_up.films as looked_up,
    stored.films as items_in_table
from looked_up
full join stored on looked_up.place = stored.place and looked_up.owner = stored.owner
where
    coalesce(len(looked_up.numbers), 0) <> coalesce(stored.films, 0)
    or list_sum(looked_up.numbers) is distinct from stored.sum_of_numbers
order by place, owner;

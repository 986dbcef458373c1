-- one row per place in a look-up that differs from what the table says, or that one of the two lacks
-- Users are stored in one order everywhere, and within a user ranks and positions rise, so both are laid side by side.
with recommended as (
    select
        user_id,
        unnest(string_split(recommendations, ',')) as number
    from draft.lookups
    where recommendations <> ''
),

watched as (
    select
        user_id,
        unnest(string_split(history, ',')) as number
    from draft.lookups
),

beside as (
    select
        'recommendations' as place,
        recommended.user_id as user_looked_up,
        recommended.number,
        recommendations.user_id,
        recommendations.rank as position,
        recommendations.item_id
    from recommended
    positional join draft.recommendations
    union all
    select
        'histories' as place,
        watched.user_id as user_looked_up,
        watched.number,
        histories.user_id,
        histories.position,
        histories.item_id
    from watched
    positional join draft.histories
)

select
    beside.place,
    beside.user_id,
    beside.position,
    beside.item_id,
    beside.user_looked_up,
    beside.number
from beside
left join draft.items on beside.item_id = items.item_id
where beside.user_id is distinct from beside.user_looked_up or cast(items.number as varchar) is distinct from beside.number
order by beside.place, beside.user_id, beside.position;

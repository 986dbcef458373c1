-- one row per movie whose scores in the look-up are not the weights in the table
-- Files of older versions have no weights.
with places as (
    select *
    from draft.similar_items
    union all by name
    select cast(null as smallint) as weight
    where false
),

stored as (
    select
        item_id,
        list(weight order by rank) as weights
    from places
    where weight is not null
    group by item_id
)

select
    stored.item_id,
    similar_lookups.scores as looked_up,
    stored.weights as weights_in_table
from stored
left join draft.similar_lookups on stored.item_id = similar_lookups.item_id
where stored.weights is distinct from similar_lookups.scores
order by stored.item_id;

-- one row per rank at which the popular list has not the movie and the score of `items`, the most popular first; and one per movie without a popularity
-- The service fills lists up by `items`, as deep as it takes.
with ordered as (
    select
        row_number() over (order by popularity desc, item_id) as rank,
        item_id,
        popularity
    from draft.items
    where ratings > 0 and not is_hidden
)

select
    ordered.rank,
    ordered.item_id as expected_item_id,
    popular.item_id,
    ordered.popularity as expected_score,
    popular.score
from ordered
left join draft.popular on ordered.rank = popular.rank
where
    ordered.popularity is null
    or popular.item_id <> ordered.item_id
    or popular.score <> ordered.popularity
order by ordered.rank;

-- one row per rank whose score is not finite, or higher than that of the rank stored before it, but for new movies in lists of users
-- The popular list has no owner. A new movie may have had to wait until the list may have one more.
with lists as (
    select 'recommendations' as place, user_id as owner, item_id, rank, cast(score as double) as score
    from draft.recommendations
    union all
    select 'similar_items' as place, item_id as owner, similar_item_id as item_id, rank, cast(score as double) as score
    from draft.similar_items
    union all
    select 'popular' as place, '' as owner, item_id, rank, score
    from draft.popular
    union all
    select 'popular_by_segment' as place, segment as owner, item_id, rank, score
    from draft.popular_by_segment
),

steps as (
    select
        place,
        owner,
        item_id,
        rank,
        score,
        lag(place) over () as place_before,
        lag(owner) over () as owner_before,
        lag(score) over () as score_before
    from lists
)

select
    place,
    owner,
    rank,
    score,
    score_before
from steps
where
    not isfinite(score)
    or (
        place = place_before
        and owner = owner_before
        and score > score_before
        and item_id not in (select items.item_id from draft.items where items.ratings = 0)
    )
order by place, owner, rank;

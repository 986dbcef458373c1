-- one row per list and rank: lists without the forgotten user and without movies that may no longer be shown; ranks close up
-- The popular list is computed from `items`, so it stays full.
create or replace temp view shown_items as
select
    items.item_id,
    items.ratings
from draft.items
semi join draft.item_factors on items.item_id = item_factors.item_id
where not items.is_hidden;

insert into draft.recommendations
select
    recommendations.* replace (
        row_number() over (partition by user_id order by rank) as rank,
        case when because_item_id in (select shown_items.item_id from shown_items) then because_item_id end
            as because_item_id
    )
from kept.recommendations
where
    user_id is distinct from getvariable('change').user_id
    and item_id in (select shown_items.item_id from shown_items)
order by user_id, rank;

insert into draft.similar_items
select
    similar_items.* replace (row_number() over (partition by item_id order by rank) as rank)
from kept.similar_items
where
    item_id in (select item_factors.item_id from draft.item_factors)
    and similar_item_id in (select shown_items.item_id from shown_items)
order by item_id, rank;

insert into draft.popular_by_segment
select
    popular_by_segment.* replace (row_number() over (partition by segment order by rank) as rank)
from kept.popular_by_segment
inner join kept.segments using (segment)
where item_id in (select shown_items.item_id from shown_items)
order by segments.place, rank;

insert into draft.popular by name
select
    row_number() over (order by popularity desc, item_id) as rank,
    item_id,
    popularity as score
from draft.items
semi join (select shown_items.item_id from shown_items where shown_items.ratings > 0) using (item_id)
order by rank
limit (select top_n from kept.generation);

insert into draft.lookups
with texts as (
    select
        recommendations.user_id,
        string_agg(items.number, ',' order by recommendations.rank) as recommendations,
        string_agg(coalesce(cast(reasons.number as varchar), ''), ',' order by recommendations.rank) as because
    from draft.recommendations
    inner join draft.items on recommendations.item_id = items.item_id
    left join draft.items as reasons on recommendations.because_item_id = reasons.item_id
    group by recommendations.user_id
)

select
    lookups.* replace (
        coalesce(texts.recommendations, '') as recommendations,
        coalesce(texts.because, '') as because
    )
from kept.lookups
left join texts on lookups.user_id = texts.user_id
where lookups.user_id is distinct from getvariable('change').user_id
order by lookups.user_id;

-- one row per list and rank: lists without the forgotten user and without movies that may no longer be shown; ranks close up
-- The popular list is computed from `items`, so it stays full. Files of older versions have no reasons.
create or replace temp view shown_items as
select
    items.item_id,
    items.ratings
from draft.items
semi join draft.item_factors on items.item_id = item_factors.item_id
where not items.is_hidden;

alter table draft.recommendations add column if not exists reason varchar;

alter table draft.lookups add column if not exists reasons varchar;

insert into draft.recommendations by name
with listed as (
    select *
    from kept.recommendations
    union all by name
    select cast(null as varchar) as reason
    where false
),

explained as (
    select
        listed.*,
        because_item_id in (select shown_items.item_id from shown_items) as is_shown
    from listed
)

select
    explained.* exclude (is_shown) replace (
        row_number() over (partition by user_id order by rank) as rank,
        case when is_shown then because_item_id end as because_item_id,
        case when reason = 'because' and is_shown is not true then 'people' else reason end as reason
    )
from explained
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

insert into draft.lookups by name
with known as (
    select *
    from kept.lookups
    union all by name
    select cast(null as varchar) as reasons
    where false
),

texts as (
    select
        recommendations.user_id,
        string_agg(items.number, ',' order by recommendations.rank) as recommendations,
        string_agg(coalesce(cast(reasons.number as varchar), ''), ',' order by recommendations.rank) as because,
        string_agg(recommendations.reason[1], '' order by recommendations.rank) as reasons
    from draft.recommendations
    inner join draft.items on recommendations.item_id = items.item_id
    left join draft.items as reasons on recommendations.because_item_id = reasons.item_id
    group by recommendations.user_id
)

select
    known.* replace (
        coalesce(texts.recommendations, '') as recommendations,
        coalesce(texts.because, '') as because,
        case when known.reasons is not null then coalesce(texts.reasons, '') end as reasons
    )
from known
left join texts on known.user_id = texts.user_id
where known.user_id is distinct from getvariable('change').user_id
order by known.user_id;

-- one row per id that one table names and the table of users, items or segments lacks, or has more than once
with item_ids as (
    select 'recommendations' as place, item_id as id from draft.recommendations
    union
    select 'histories' as place, item_id as id from draft.histories
    union
    select 'popular' as place, item_id as id from draft.popular
    union
    select 'item_factors' as place, item_id as id from draft.item_factors
    union
    select 'similar_items' as place, item_id as id from draft.similar_items
    union
    select 'similar_items' as place, similar_item_id as id from draft.similar_items
    union
    select 'popular_by_segment' as place, item_id as id from draft.popular_by_segment
),

user_ids as (
    select 'recommendations' as place, user_id as id from draft.recommendations
    union
    select 'histories' as place, user_id as id from draft.histories
    union
    select 'user_factors' as place, user_id as id from draft.user_factors
),

segment_names as (
    select 'popular_by_segment' as place, segment as id from draft.popular_by_segment
    union
    select 'lookups' as place, segment as id from draft.lookups where segment is not null
),

unknown as (
    select place, id from item_ids anti join draft.items on item_ids.id = items.item_id
    union all
    select place, id from user_ids anti join draft.users on user_ids.id = users.user_id
    union all
    select place, id from segment_names anti join draft.segments on segment_names.id = segments.segment
),

repeated as (
    select 'items' as place, item_id as id from draft.items group by item_id having count(*) > 1
    union all
    select 'users' as place, user_id as id from draft.users group by user_id having count(*) > 1
    union all
    select 'segments' as place, segment as id from draft.segments group by segment having count(*) > 1
)

select place, id from unknown
union all
select place, id from repeated
order by place, id;

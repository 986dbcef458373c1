-- one row per id that one table names and the table of users or items lacks, or has more than once
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
),

user_ids as (
    select 'recommendations' as place, user_id as id from draft.recommendations
    union
    select 'histories' as place, user_id as id from draft.histories
    union
    select 'user_factors' as place, user_id as id from draft.user_factors
),

unknown as (
    select place, id from item_ids anti join draft.items on item_ids.id = items.item_id
    union all
    select place, id from user_ids anti join draft.users on user_ids.id = users.user_id
),

repeated as (
    select 'items' as place, item_id as id from draft.items group by item_id having count(*) > 1
    union all
    select 'users' as place, user_id as id from draft.users group by user_id having count(*) > 1
)

select place, id from unknown
union all
select place, id from repeated
order by place, id;

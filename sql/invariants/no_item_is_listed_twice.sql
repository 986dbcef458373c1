-- one row per list and movie that is in it more than once; the popular list has no owner
-- Pairs are compared by their hashes first; those that share one are compared in full.
with lists as (
    select 'recommendations' as place, user_id as owner, item_id from draft.recommendations
    union all
    select 'similar_items' as place, item_id as owner, similar_item_id as item_id from draft.similar_items
    union all
    select 'popular' as place, null as owner, item_id from draft.popular
    union all
    select 'popular_by_segment' as place, segment as owner, item_id from draft.popular_by_segment
),

suspect as (
    select hash(place, owner, item_id) as pair
    from lists
    group by pair
    having count(*) > 1
)

select
    place,
    owner,
    item_id,
    count(*) as times
from lists
where hash(place, owner, item_id) in (select suspect.pair from suspect)
group by place, owner, item_id
having count(*) > 1
order by place, owner, item_id;

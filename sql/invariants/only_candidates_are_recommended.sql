-- one row per movie in a list, a list of similar movies or a popular list that is hidden or that nobody has rated
with listed as (
    select distinct item_id from draft.recommendations
    union
    select distinct similar_item_id as item_id from draft.similar_items
    union
    select item_id from draft.popular
    union
    select distinct item_id from draft.popular_by_segment
)

select listed.item_id
from listed
left join draft.items on listed.item_id = items.item_id
where items.item_id is null or items.is_hidden or items.ratings = 0
order by listed.item_id;

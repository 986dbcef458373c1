-- one row per movie in a list, a list of similar movies or a popular list that is hidden, or that nobody has rated; new movies may be in lists of users
with listed as (
    select distinct item_id, false as is_of_rated from draft.recommendations
    union
    select distinct similar_item_id as item_id, true as is_of_rated from draft.similar_items
    union
    select item_id, true as is_of_rated from draft.popular
    union
    select distinct item_id, true as is_of_rated from draft.popular_by_segment
)

select distinct listed.item_id
from listed
left join draft.items on listed.item_id = items.item_id
left join draft.item_factors on listed.item_id = item_factors.item_id
where
    items.item_id is null
    or items.is_hidden
    or (items.ratings = 0 and (listed.is_of_rated or item_factors.item_id is null))
order by listed.item_id;

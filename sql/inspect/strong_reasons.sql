-- Which movies explain the most recommendations?
-- one row per movie of a history, twenty of them: for how many places in lists it is the reason, and of how many users
select
    items.item_id,
    items.title,
    count(*) as places,
    count(distinct recommendations.user_id) as users,
    items.ratings
from recommendations
inner join items on recommendations.because_item_id = items.item_id
where recommendations.reason = 'because'
group by items.item_id, items.title, items.ratings
order by places desc, items.item_id
limit 20;

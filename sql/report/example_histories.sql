-- one row per movie that these users have watched last, the newest first
-- parameters: $user_ids, $items
select
    histories.user_id,
    histories.position,
    items.title,
    histories.rating,
    cast(histories.rated_at as date) as rated_on
from histories
inner join items on histories.item_id = items.item_id
where list_contains($user_ids, histories.user_id) and histories.position <= $items
order by histories.user_id, histories.position;

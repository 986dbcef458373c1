-- one row per rank of the list of one user, with what is known of the film
-- parameters: $user_id, $limit, $offset
with page as (
    select
        rank,
        item_id
    from recommendations
    where user_id = $user_id
    order by rank
    limit $limit offset $offset
)

select
    page.item_id,
    items.title,
    items.genres
from page
inner join items on page.item_id = items.item_id
order by page.rank;

-- one row per rank of the popular list, with what is known of the film
-- parameters: $limit, $offset
with page as (
    select
        rank,
        item_id
    from popular
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

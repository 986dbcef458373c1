-- one row per tenth of the movies that may be listed, the most rated first: its share of ratings, and of the first ten places of all lists
with placed as (
    select
        item_id,
        count(*) as places
    from recommendations
    where rank <= 10
    group by item_id
),

rated_items as (
    select
        items.item_id,
        items.ratings,
        coalesce(placed.places, 0) as places,
        ntile(10) over (order by items.ratings desc, items.item_id) as tenth
    from items
    left join placed on items.item_id = placed.item_id
    where items.ratings > 0 and not items.is_hidden
)

select
    tenth,
    count(*) as items,
    count(*) filter (where places > 0) as items_listed,
    sum(ratings) / sum(sum(ratings)) over () as share_of_ratings,
    sum(places) / nullif(sum(sum(places)) over (), 0) as share_of_places
from rated_items
group by tenth
order by tenth;

-- How much of the catalogue is recommended, and how much of it is rarely rated?
-- one row per tenth of the movies that may be shown, those rated most first: how many of them are in a list, and their share of all places
with places as (
    select
        item_id,
        count(*) as places
    from recommendations
    group by item_id
),

ranked as (
    select
        items.item_id,
        items.ratings,
        coalesce(places.places, 0) as places,
        ntile(10) over (order by items.ratings desc, items.item_id) as tenth
    from items
    left join places on items.item_id = places.item_id
    where items.ratings > 0 and not items.is_hidden
)

select
    tenth,
    count(*) as films,
    min(ratings) as least_ratings,
    max(ratings) as most_ratings,
    count(*) filter (where places > 0) as items_shown,
    round(sum(ratings) / sum(sum(ratings)) over (), 4) as share_of_ratings,
    round(sum(places) / nullif(sum(sum(places)) over (), 0), 4) as share_of_places
from ranked
group by tenth
order by tenth;

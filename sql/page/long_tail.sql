-- one row per hundredth of the movies with a rating, the most rated first: how many movies, their ratings, their places in lists, and how many of them are in a list
-- `viewers` is the old name of `item_stats`, in files of the version before too; read `item_stats` when they are gone.
with ranked as (
    select
        ntile(100) over (order by items.ratings desc, items.item_id) as hundredth,
        items.ratings,
        viewers.lists
    from items
    inner join viewers on items.item_id = viewers.item_id
    where items.ratings > 0
)

select
    hundredth,
    count(*) as films,
    sum(ratings)::bigint as ratings,
    sum(lists)::bigint as places,
    count_if(lists > 0) as shown_films
from ranked
group by hundredth
order by hundredth;

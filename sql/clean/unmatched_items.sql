-- one row: how many ids the rows of movies have, and how many of these have no interaction
with described as (
    select distinct item_id
    from movie_rows
    where item_id is not null
)

select
    count(*) as ids,
    count_if(items.item_id is null) as unmatched
from described
left join items on described.item_id = items.item_id and items.ratings > 0;

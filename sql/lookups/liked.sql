-- one row per movie that is like some of those asked for, but none of them; best first: its number, and that of the movie that speaks most for it
-- parameters: $item_ids, $depth
-- Each movie that is liked speaks for those that are like it, by the weight that the model gives them.
with liked as (
    select
        number,
        similar_items,
        scores
    from similar_lookups
    where item_id in $item_ids
),

likenesses as (
    select
        number as because,
        unnest(string_split(similar_items, ',')) as number,
        unnest(scores) as score
    from liked
)

select
    cast(number as integer) as number,
    arg_max(because, (score, -because)) as because
from likenesses
where cast(number as integer) not in (select liked.number from liked)
group by number
order by sum(score) desc, cast(number as integer)
limit $depth;

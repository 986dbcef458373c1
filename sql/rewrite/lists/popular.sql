-- one row per rank: the movies that are watched lately, without those that leave the lists
-- parameters: $top_n
insert into draft.popular by name
select
    row_number() over (order by popularity desc, item_id) as rank,
    item_id,
    popularity as score
from draft.items
where ratings > 0 and not is_hidden
order by rank
limit $top_n;

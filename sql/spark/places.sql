-- one row per movie with a place in a list of this depth, as an index, and how many places it has
-- parameters: $depth
select
    enum_code(cast(item_id as item_ids)) as item_index,
    count(*) as places
from lists
where rank <= $depth
group by item_index
order by item_index;

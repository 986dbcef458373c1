-- one row per value of a vector: those of all movies, one vector after the other, in the order of ids as text
with vectors as (
    select factors
    from item_factors
    order by item_id
)

select unnest(factors) as factor
from vectors;

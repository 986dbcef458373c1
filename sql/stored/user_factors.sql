-- one row per value of a vector: those of the chosen users, one vector after the other, in the order of ids as text
with vectors as (
    select factors
    from user_factors
    semi join chosen_users using (user_id)
    order by user_id
)

select unnest(factors) as factor
from vectors;

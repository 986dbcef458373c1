-- one row per movie that has attributes, in no order: its number, and the attributes as JSON
-- Files of older versions have none.
with whole as (
    select *
    from items
    union all by name
    select cast(null as json) as attributes
    where false
)

select
    number,
    cast(attributes as varchar) as attributes
from whole
where attributes <> '{}';

-- one row per row of ratings or users that parses, values as text; a column that the file lacks is null
create or replace temp view parsed_rows as
from found_rows
union all by name
select
    cast(null as varchar) as rating,
    cast(null as varchar) as "timestamp",
    cast(null as varchar) as gender,
    cast(null as varchar) as age,
    cast(null as varchar) as occupation
where false;

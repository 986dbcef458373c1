-- one row per input file of a generation that does not say what was read from it: its name does
create or replace temp view files_of_kept as
with named as (
    select file from kept.rejected_rows
    union
    select file from kept.repaired_rows
)

select
    file,
    case split_part(lower(file), '.', 1)
        when 'ratings' then 'interactions'
        when 'movies' then 'items'
        when 'users' then 'users'
        else 'hidden'
    end as content
from named;

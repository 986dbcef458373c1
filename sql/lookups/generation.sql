-- one row: the generation that this file is, when it was complete in seconds since 1970, the depth of its lists, and how many movies it has
select
    id,
    epoch(finished_at) as finished_at,
    top_n,
    (select count(*) from items) as films
from generation;

-- one row: the generation that this file is, when it was complete in seconds since 1970, and the depth of its lists
select
    id,
    epoch(finished_at) as finished_at,
    top_n
from generation;

-- one row: the generation that this file is, and the depth of its lists
select
    id,
    top_n
from generation;

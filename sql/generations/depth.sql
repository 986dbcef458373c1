-- one row: how long the lists of this generation are at most, and at least if there are enough movies
-- A command that takes movies out of the lists leaves them shorter until the next run; see `batch/generation/rewrite.py`.
select
    top_n,
    cast(top_n - coalesce(rows['removed'], 0) as integer) as min_n
from generation;

-- one row: what a list of generations says of this one
select
    date_trunc('second', finished_at) as finished_at,
    users,
    items,
    rows_kept,
    rows_rejected,
    top_n
from generation;

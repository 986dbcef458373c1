-- one row: what a list of generations says of this one; ndcg_10 is that of the held-out ratings of the night
select
    made_by,
    date_trunc('second', finished_at) as finished_at,
    users,
    items,
    rows_kept,
    rows_rejected,
    top_n,
    (select round(value, 4) from metrics where metric = 'ndcg@10' and model = 'embedding') as ndcg_10,
    len(overridden) as overridden
from generation;

-- one row: what a kept generation says of itself, and how good its lists were found to be on its own night
select
    id,
    finished_at,
    made_by,
    users,
    items,
    rows_read,
    rows_rejected,
    (select value from metrics where metric = 'ndcg@10' and model = 'embedding') as ndcg,
    (select value from metrics where metric = 'ndcg@10' and model = 'most_popular') as ndcg_of_popular,
    (select value from metrics where metric = 'hr@10' and model = 'embedding') as hit_rate,
    (select value from metrics where metric = 'coverage@10' and model = 'published') as coverage
from generation;

-- one row, none for a file that has another name or lacks a figure: figures of a kept generation, and the metrics of its run
-- parameters: $id
-- The types are stated, since nothing has checked the file.
select
    cast(id as varchar) as id,
    cast(finished_at as timestamp) as finished_at,
    cast(users as bigint) as users,
    cast(rows_read as bigint) as rows_read,
    cast(rows_rejected as bigint) as rows_rejected,
    (select cast(value as double) from metrics where metric = 'ndcg@10' and model = 'embedding') as ndcg,
    (
        select cast(value as double) from metrics
        where metric = 'ndcg@10' and model = 'most_popular'
    ) as ndcg_of_popular,
    (select cast(value as double) from metrics where metric = 'hr@10' and model = 'embedding') as hit_rate,
    (select cast(value as double) from metrics where metric = 'coverage@10' and model = 'published') as coverage,
    (
        select cast(value as double) from metrics
        where metric = 'hr@10' and model = 'last_night'
    ) as hit_rate_of_lists_before,
    (
        select cast(value as bigint) from metrics
        where metric = 'judged_users' and model = 'last_night'
    ) as users_back
from generation
where id = $id and users + rows_read + rows_rejected + epoch(finished_at) is not null;

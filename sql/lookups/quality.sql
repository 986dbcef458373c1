-- one row per metric and model: how good the lists are, as Prometheus gets it; and how good those published before were
select
    metric,
    model,
    value
from metrics
where
    metric in ('hr@10', 'hr@10_low', 'hr@10_high', 'ndcg@10', 'ndcg@10_low', 'ndcg@10_high', 'judged_users', 'rolling_cuts')
    and model in ('embedding', 'most_popular', 'last_night', 'last_night_popular')
    and isfinite(value)
order by model, metric;

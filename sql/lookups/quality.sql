-- one row per metric and model: how good the lists are, as Prometheus gets it; and how good those published before were
select
    metric,
    model,
    value
from metrics
where
    isfinite(value)
    and (
        starts_with(model, 'last_night')
        or (
            model in ('embedding', 'most_popular')
            and metric in (
                'hr@10', 'hr@10_low', 'hr@10_high', 'ndcg@10', 'ndcg@10_low', 'ndcg@10_high', 'judged_users', 'rolling_cuts'
            )
        )
    )
order by model, metric;

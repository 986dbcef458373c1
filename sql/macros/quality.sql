-- one row per metric and model, best first: its value for the model, and as a multiple of the value of the most popular movies
create macro quality() as table
select
    metrics.metric,
    metrics.model,
    metrics.value,
    popular_items.value as most_popular,
    round(metrics.value / nullif(popular_items.value, 0), 2) as times_most_popular
from metrics
left join metrics as popular_items
    on metrics.metric = popular_items.metric and popular_items.model = 'most_popular'
order by metrics.metric, metrics.value desc, metrics.model;
comment on macro table quality is 'One row per metric and model: how well held-out ratings were predicted, also as a multiple of the value of the most popular movies.';

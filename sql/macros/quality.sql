-- one row per metric and model, best first: its value for the model, and as a multiple of the value of the most popular movies
-- Lists that were published are compared with the popular list that was published with them.
create macro quality() as table
select
    metrics.metric,
    metrics.model,
    metrics.value,
    popular_items.value as most_popular,
    round(metrics.value / nullif(popular_items.value, 0), 2) as times_most_popular
from metrics
left join metrics as popular_items
    on
        metrics.metric = popular_items.metric
        and popular_items.model = case
            when metrics.model = 'last_night_unknown' then metrics.model
            when starts_with(metrics.model, 'last_night') then 'last_night_popular'
            else 'most_popular'
        end
order by metrics.metric, metrics.value desc, metrics.model;
comment on macro table quality is 'One row per metric and model: how well held-out ratings, or those since the generation before (`last_night`), were predicted, also as a multiple of the value of the most popular movies.';

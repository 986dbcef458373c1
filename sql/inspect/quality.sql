-- Are the lists better than those of the most popular movies?
-- one row per metric and model, the best model first
select
    metric,
    model,
    value,
    most_popular,
    times_most_popular
from quality()
order by metric, value desc, model;

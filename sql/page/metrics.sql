-- one row per metric and model: how good the lists were found to be, and what they show
select
    metric,
    model,
    value
from metrics
where value is not null
order by metric, model;

-- one row per metric and model: how good the lists of this generation were found to be
select
    metric,
    model,
    value
from metrics;

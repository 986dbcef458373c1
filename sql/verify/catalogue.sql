-- one row: the share of the rated movies that have a title; none where the generation is older than that metric
select value
from metrics
where metric = 'catalogue_share' and model = 'published';

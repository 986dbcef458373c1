-- one row per metric and model
create table draft.metrics (
    metric varchar not null,
    model varchar not null,
    value double
);
comment on table draft.metrics is 'One row per metric and model: how well held-out last ratings were foreseen on the night of the run, and what the lists show of the catalogue.';
comment on column draft.metrics.metric is 'Name and depth, as in `ndcg@10`; `judged_users` is how many had their last rating held out. `ndcg@10_low` and `_high`, and those of `hr@10`, are the ends of its 95 % interval, by bootstrap over these users.';
comment on column draft.metrics.model is '`embedding` is the model of this file for somebody who was just seen, `most_popular` and the like are what it must beat, judged on the same held-out ratings; `published` are the lists as they stand in this file.';
comment on column draft.metrics.value is 'The value; null where there is none. docs/quality.md says what each metric means.';
insert into draft.metrics
select
    metric,
    model,
    value
from measured
order by model, metric;

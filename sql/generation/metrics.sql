-- one row per metric and model
create table draft.metrics (
    metric varchar not null,
    model varchar not null,
    value double
);
comment on table draft.metrics is 'One row per metric and model: how well the run foresaw what people who came back rated after a moment, how good the lists published before were, and what the lists show of the catalogue.';
comment on column draft.metrics.metric is 'Name and depth, as in `ndcg@10`; `judged_users` is how many people evaluated the run, each counted for each moment, `rolling_cuts` from how many moments on their ratings were held out; 0: the last rating of each was. `_seen` at the end: the same by the vectors of this file, which were trained on these ratings too; no measure of quality, but a check of the vectors. `ndcg@10_low` and `_high`, and those of `hr@10`, are the ends of its 95 % interval, by bootstrap over these users. `catalogue_share`, `genres_share` and `year_share` are the shares of the rated movies that have a title of their own, genres and a year.';
comment on column draft.metrics.model is '`embedding` is the model of this file, trained without what was held out, for people who were last seen when they were last seen; `most_popular` and the like are what it must beat; `published` are the lists as they stand in this file. `last_night` are the lists that were published before this file, by what people did since: in all, and by days between their last interaction known then and the first new one (`_under_1_day` and the like after the metric); `last_night_popular` is the popular list of then for the same people, `last_night_unknown` that list for people who were unknown then, of whom `unknown_users` came.';
comment on column draft.metrics.value is 'The value; null if there is none. docs/evaluation.md says what each metric means.';
insert into draft.metrics
select
    metric,
    model,
    value
from measured
order by model, metric;

-- one row per stage and rating
create table draft.rating_counts (
    stage varchar not null,
    rating double,
    rows bigint not null
);
comment on table draft.rating_counts is 'One row per stage and rating: the distribution of ratings before and after cleaning.';
comment on column draft.rating_counts.stage is '`before` or `after` cleaning.';
comment on column draft.rating_counts.rating is 'Stars as in the input; null if a row has no number there.';
comment on column draft.rating_counts.rows is 'How many rows have that rating.';
insert into draft.rating_counts
select
    stage,
    rating,
    rows
from rating_counts
order by stage desc, rating;

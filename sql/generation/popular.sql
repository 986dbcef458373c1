-- one row per rank
create table draft.popular (
    rank integer not null,
    item_id varchar not null,
    score double not null
);
comment on table draft.popular is 'One row per rank: the movies that are watched lately; the answer for a user without a list.';
comment on column draft.popular.rank is 'Place in the list; 1 is watched most.';
comment on column draft.popular.item_id is 'The movie, as in `items`.';
comment on column draft.popular.score is 'Number of ratings of the movie, each weighted by half for every tenth of all ratings that are newer.';
insert into draft.popular
select
    rank,
    item_id,
    score
from popular_list
order by rank;

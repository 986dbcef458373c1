-- one row per segment and rank
create table draft.popular_by_segment (
    segment varchar not null,
    rank integer not null,
    item_id varchar not null,
    score double not null
);
comment on table draft.popular_by_segment is 'One row per segment and rank: the movies that its users watch lately; the answer for a user of whom no more is known.';
comment on column draft.popular_by_segment.segment is 'The segment, as in `segments`.';
comment on column draft.popular_by_segment.rank is 'Place in the list; 1 is watched most.';
comment on column draft.popular_by_segment.item_id is 'The movie, as in `items`.';
comment on column draft.popular_by_segment.score is 'Number of ratings of the movie by these users, each weighted by half for every tenth of all ratings that are newer.';
insert into draft.popular_by_segment
select
    segment,
    rank,
    item_id,
    score
from segment_lists;

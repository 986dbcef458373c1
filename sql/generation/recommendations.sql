-- one row per user and rank
create table draft.recommendations (
    user_id varchar not null,
    rank integer not null,
    item_id varchar not null,
    score float not null,
    because_item_id varchar,
    reason varchar not null
);
comment on table draft.recommendations is 'One row per user and rank: the movies that a user has not watched, best first.';
comment on column draft.recommendations.user_id is 'The user, as in the ratings.';
comment on column draft.recommendations.rank is 'Place in the list of the user; 1 is best.';
comment on column draft.recommendations.item_id is 'The movie, as in `items`.';
comment on column draft.recommendations.score is 'Inner product of the factors of user and movie; higher is better, comparable within one user only. Scores fall from rank to rank, but for new movies, which may have had to wait: see docs/model.md.';
comment on column draft.recommendations.because_item_id is 'The movie of the history that explains it best: it adds much to the score, and has genres in common; among those rated 3 or more, or without stars, and not hidden; null if none adds anything.';
comment on column draft.recommendations.reason is 'What leads the score: `because` of that movie; `people` with such a history watch it; the user likes such `genres`; it is `trending`; or it is `new`.';
insert into draft.recommendations
select
    user_id,
    rank,
    item_id,
    score,
    because_item_id,
    reason
from lists;

-- one row per user and position
create table draft.histories (
    user_id varchar not null,
    position integer not null,
    item_id varchar not null,
    rating double,
    rated_at timestamp,
    weight double not null
);
comment on table draft.histories is 'One row per user and position: what a user has watched, newest first.';
comment on column draft.histories.user_id is 'The user, as in the ratings.';
comment on column draft.histories.position is 'Place in the history of the user; 1 is newest. Equal times are in the order of the file, the later line newer.';
comment on column draft.histories.item_id is 'The movie, as in `items`.';
comment on column draft.histories.rating is 'The number of the input, such as stars; null if it has none.';
comment on column draft.histories.rated_at is 'When the movie was rated, UTC; null if the input has no times.';
comment on column draft.histories.weight is 'How much this says for the movie: above 0 it is a positive, 0 says only that it was seen. Of stars it is 1 or 0; weights of the same user and movie add up, and their logarithm counts if the input says so.';
insert into draft.histories
select
    user_id,
    position,
    item_id,
    rating,
    rated_at,
    weight
from interactions;

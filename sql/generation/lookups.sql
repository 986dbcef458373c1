-- one row per user
-- What most requests read is uncompressed, since one row is read at a time; the index finds it.
create table draft.lookups (
    user_id varchar not null using compression uncompressed,
    recommendations varchar not null using compression uncompressed,
    because varchar not null,
    history varchar not null using compression uncompressed,
    segment varchar,
    seen varchar not null,
    reasons varchar not null
);
comment on table draft.lookups is 'One row per user: what the service reads. The same as in `recommendations`, `histories` and `seen_items`, column by column as one text.';
comment on column draft.lookups.user_id is 'The user, as in the ratings.';
comment on column draft.lookups.recommendations is 'The list of the user, best first: numbers of movies as in `items`, with commas between them.';
comment on column draft.lookups.because is 'For each movie of the list the movie because of which it is there, in the same order; nothing between two commas for none.';
comment on column draft.lookups.history is 'What the user has watched, newest first: numbers of movies as in `items`, with commas between them.';
comment on column draft.lookups.segment is 'The narrowest segment that the user is in, as in `segments`; null for none.';
comment on column draft.lookups.seen is 'What else the user has seen, as in `seen_items`: numbers of movies as in `items`, with commas between them; mostly none.';
comment on column draft.lookups.reasons is 'For each movie of the list the first letter of its `reason`, in the same order, without commas.';
insert into draft.lookups
select
    user_id,
    recommendations,
    because,
    history,
    segment,
    seen,
    reasons
from rendered
order by user_id;
create unique index lookups_user_id on draft.lookups (user_id);

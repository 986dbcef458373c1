-- one row per user and item that counts as seen, and for nothing else
create table draft.seen_items (
    user_id varchar not null,
    item_id varchar not null
);
comment on table draft.seen_items is 'One row per user and movie of a row whose rating could not be used: the movie is in no list of the user, and counts for nothing else.';
comment on column draft.seen_items.user_id is 'The user, as in `users`.';
comment on column draft.seen_items.item_id is 'The movie, as in `items`.';
insert into draft.seen_items
select
    user_id,
    item_id
from seen_items
order by user_id, item_id;

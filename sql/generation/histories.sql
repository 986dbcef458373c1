-- one row per user and position
-- The ratings are stored by user, newest first, and so are the histories.
create table draft.histories (
    user_id varchar not null,
    position integer not null,
    item_id varchar not null,
    rating double,
    rated_at timestamp
);
comment on table draft.histories is 'One row per user and position: what a user has watched, newest first.';
comment on column draft.histories.user_id is 'The user, as in the ratings.';
comment on column draft.histories.position is 'Place in the history of the user; 1 is newest. Equal times are in the order of the file, the later line newer.';
comment on column draft.histories.item_id is 'The movie, as in `items`.';
comment on column draft.histories.rating is 'Stars from 0.5 to 5; null where the input has no ratings.';
comment on column draft.histories.rated_at is 'When the movie was rated, UTC; null where the input has no times.';
insert into draft.histories
with numbered as (
    select
        row_number() over () as row,
        user_id,
        lag(user_id) over () as user_before,
        item_id,
        rating,
        rated_at
    from ratings
),

begun as (
    select
        row,
        user_id,
        max(case when user_before is distinct from user_id then row end)
            over (rows between unbounded preceding and current row)
            as first_row,
        item_id,
        rating,
        rated_at
    from numbered
)

select
    user_id,
    row - first_row + 1 as position,
    item_id,
    rating,
    rated_at
from begun;

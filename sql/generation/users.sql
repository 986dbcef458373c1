-- one row per user
create table draft.users (
    user_id varchar not null,
    ratings bigint not null,
    first_rated_at timestamp,
    last_rated_at timestamp
);
comment on table draft.users is 'One row per user with at least one rating.';
comment on column draft.users.user_id is 'The user, as in the ratings.';
comment on column draft.users.ratings is 'How many films the user has rated.';
comment on column draft.users.first_rated_at is 'Time of the first rating, UTC; null where the input has no times.';
comment on column draft.users.last_rated_at is 'Time of the last rating, UTC; null where the input has no times.';
insert into draft.users
select
    user_id,
    count(*) as ratings,
    min(rated_at) as first_rated_at,
    max(rated_at) as last_rated_at
from ratings
group by user_id
order by user_id;

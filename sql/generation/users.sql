-- one row per user
create table draft.users (
    user_id varchar not null,
    ratings bigint not null,
    first_rated_at timestamp,
    last_rated_at timestamp,
    gender varchar,
    age_group varchar,
    occupation varchar,
    attributes json not null
);
comment on table draft.users is 'One row per user with at least one rating.';
comment on column draft.users.user_id is 'The user, as in the ratings.';
comment on column draft.users.ratings is 'How many movies the user has rated.';
comment on column draft.users.first_rated_at is 'Time of the first rating, UTC; null if the input has no times.';
comment on column draft.users.last_rated_at is 'Time of the last rating, UTC; null if the input has no times.';
comment on column draft.users.gender is 'Gender, as in the file `users`; null if it does not say.';
comment on column draft.users.age_group is 'Age group in years, from the age in the file `users`; null if it does not say.';
comment on column draft.users.occupation is 'Occupation, as in the file `users`; null if it does not say.';
comment on column draft.users.attributes is 'What else the input says of the user: an object by name of the attribute; `{}` if nothing.';
insert into draft.users
select
    user_id,
    ratings,
    first_rated_at,
    last_rated_at,
    gender,
    age_group,
    occupation,
    attributes
from users
order by user_id;

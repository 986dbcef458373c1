-- one row per user
create table draft.users (
    user_id varchar not null,
    ratings bigint not null,
    first_rated_at timestamp,
    last_rated_at timestamp,
    gender varchar,
    age_group varchar,
    occupation varchar
);
comment on table draft.users is 'One row per user with at least one rating.';
comment on column draft.users.user_id is 'The user, as in the ratings.';
comment on column draft.users.ratings is 'How many movies the user has rated.';
comment on column draft.users.first_rated_at is 'Time of the first rating, UTC; null where the input has no times.';
comment on column draft.users.last_rated_at is 'Time of the last rating, UTC; null where the input has no times.';
comment on column draft.users.gender is 'Gender, as in the file `users`; null where it does not say.';
comment on column draft.users.age_group is 'Age group in years, from the age in the file `users`; null where it does not say.';
comment on column draft.users.occupation is 'Occupation, as in the file `users`; null where it does not say.';
insert into draft.users
with rated as (
    select
        user_id,
        count(*) as ratings,
        min(rated_at) as first_rated_at,
        max(rated_at) as last_rated_at
    from ratings
    group by user_id
),

described as (
    select
        user_id,
        gender,
        age_group,
        occupation
    from validated_users
    where rule is null
)

select
    rated.user_id,
    rated.ratings,
    rated.first_rated_at,
    rated.last_rated_at,
    described.gender,
    described.age_group,
    described.occupation
from rated
left join described on cast(rated.user_id as varchar) = described.user_id
order by rated.user_id;

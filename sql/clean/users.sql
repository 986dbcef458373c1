-- one row per user with an interaction that counts: how many, their times, and what the file `users` says of the user
create table users as
with rated as (
    select
        user_id,
        count(*) as ratings,
        min(rated_at) as first_rated_at,
        max(rated_at) as last_rated_at
    from interactions
    group by user_id
),

described as (
    select
        user_id,
        gender,
        age_group,
        occupation,
        attributes
    from validated_users
    where rule is null
)

select
    cast(rated.user_id as varchar) as user_id,
    rated.ratings,
    rated.first_rated_at,
    rated.last_rated_at,
    described.gender,
    described.age_group,
    described.occupation,
    coalesce(described.attributes, cast('{}' as json)) as attributes
from rated
left join described on cast(rated.user_id as varchar) = described.user_id
order by rated.user_id;

-- one row per user with a rating that counts, in the order of indices: what is known of the user, null for what is not
with everybody as (
    select unnest(enum_range(cast(null as user_ids))) as user_id
),

told as (
    select
        user_id,
        gender,
        age_group,
        occupation
    from validated_users
    where rule is null
)

select
    told.gender,
    told.age_group,
    told.occupation
from everybody
left join told on cast(everybody.user_id as varchar) = told.user_id
order by everybody.user_id;

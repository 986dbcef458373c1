-- one row per user of whom something is known: the id, and what is known
select
    user_id,
    gender,
    age_group,
    occupation
from validated_users
where rule is null and coalesce(gender, age_group, occupation) is not null
order by user_id;

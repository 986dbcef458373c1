-- one row per segment: who is left out is no longer in it
insert into draft.segments
with gone as (
    select
        segments.segment,
        count(*) as users
    from kept.segments
    inner join kept.users
        on (segments.gender is null or segments.gender = users.gender)
        and (segments.age_group is null or segments.age_group = users.age_group)
        and (segments.occupation is null or segments.occupation = users.occupation)
    semi join gone_users on users.user_id = gone_users.user_id
    group by segments.segment
)

select segments.* replace (segments.users - coalesce(gone.users, 0) as users)
from kept.segments
left join gone on segments.segment = gone.segment
order by segments.place;

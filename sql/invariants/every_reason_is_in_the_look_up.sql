-- one row per user whose reasons in the look-up are not the first letters of those in the table
-- Files of older versions have no reasons.
with looked_up as (
    select *
    from draft.lookups
    union all by name
    select cast(null as varchar) as reasons
    where false
),

places as (
    select *
    from draft.recommendations
    union all by name
    select cast(null as varchar) as reason
    where false
),

stored as (
    select
        user_id,
        string_agg(reason[1], '' order by rank) as reasons
    from places
    group by user_id
)

select
    looked_up.user_id,
    looked_up.reasons as looked_up,
    stored.reasons as reasons_in_table
from looked_up
left join stored on looked_up.user_id = stored.user_id
where looked_up.reasons <> coalesce(stored.reasons, '') or looked_up.reasons is null and stored.reasons is not null
order by looked_up.user_id;

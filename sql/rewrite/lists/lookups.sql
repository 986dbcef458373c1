-- one row per user: texts of lists that were filled again, or have lost a reason, are made anew
insert into draft.lookups
with changed as (
    select user_id from refilled_users
    union
    select recommendations.user_id
    from kept.recommendations
    semi join gone_items on recommendations.because_item_id = gone_items.item_id
),

texts as (
    select
        recommendations.user_id,
        string_agg(items.number, ',' order by recommendations.rank) as films,
        string_agg(coalesce(cast(reasons.number as varchar), ''), ',' order by recommendations.rank) as because
    from draft.recommendations
    semi join changed on recommendations.user_id = changed.user_id
    inner join draft.items on recommendations.item_id = items.item_id
    left join draft.items as reasons on recommendations.because_item_id = reasons.item_id
    group by recommendations.user_id
)

select
    lookups.* replace (
        case when changed.user_id is null then lookups.recommendations else coalesce(texts.films, '') end
            as recommendations,
        case when changed.user_id is null then lookups.because else coalesce(texts.because, '') end as because
    )
from kept.lookups
left join changed on lookups.user_id = changed.user_id
left join texts on lookups.user_id = texts.user_id
anti join gone_users on lookups.user_id = gone_users.user_id
order by lookups.user_id;

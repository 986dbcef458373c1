-- one row per rank: the list of a user with what is known of its movies; the popular list for an unknown user
create macro recommend(for_user) as table
with listed as (
    select
        rank,
        item_id,
        score,
        because_item_id,
        reason,
        'personal' as source
    from recommendations
    where user_id = id_of(cast(for_user as varchar))
    union all
    select
        rank,
        item_id,
        score,
        null as because_item_id,
        'trending' as reason,
        'popular' as source
    from popular
    where not exists (select 1 from users where user_id = id_of(cast(for_user as varchar)))
)

select
    listed.rank,
    listed.item_id,
    items.title,
    items.year,
    items.genres,
    listed.score,
    reasons.title as because,
    listed.reason,
    listed.source
from listed
inner join items on listed.item_id = items.item_id
left join items as reasons on listed.because_item_id = reasons.item_id
order by listed.rank;
comment on macro table recommend is 'One row per rank: the list of a user, best first, with titles, the movie of the history that explains each best, and the `reason`; or the popular list for an unknown user; `source` says which.';

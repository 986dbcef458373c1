-- one row per rank that does not follow the one stored before it: 1, 2, 3 and so on, list after list
-- The popular list has no owner.
with lists as (
    select 'recommendations' as place, user_id as owner, rank from draft.recommendations
    union all
    select 'similar_items' as place, item_id as owner, rank from draft.similar_items
    union all
    select 'popular' as place, '' as owner, rank from draft.popular
    union all
    select 'popular_by_segment' as place, segment as owner, rank from draft.popular_by_segment
),

steps as (
    select
        place,
        owner,
        rank,
        lag(place) over () as place_before,
        lag(owner) over () as owner_before,
        lag(rank) over () as rank_before
    from lists
),

faults as (
    select
        place,
        owner,
        rank
    from steps
    where rank <> case when place = place_before and owner = owner_before then rank_before + 1 else 1 end
),

-- A list that is stored in two places begins twice.
beginnings as (
    select
        place,
        owner,
        1 as rank
    from lists
    where rank = 1
    group by place, owner
    having count(*) > 1
)

select place, owner, rank from faults
union
select place, owner, rank from beginnings
order by place, owner, rank;

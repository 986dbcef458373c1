-- one row: why a movie is in the list of a user, or why not, and how its score comes together
-- The score is the sum of the parts of both vectors, see docs/model.md.
create macro why(for_user, for_item) as table
with vectors as (
    select
        cast(user_factors.factors as double []) as of_user,
        cast(item_factors.factors as double []) as of_item,
        list_transform(
            map_keys(generation.parts),
            lambda name, place: {
                'name': name,
                'first': 1 + list_sum(map_values(generation.parts)[:place]) - generation.parts[name],
                'last': list_sum(map_values(generation.parts)[:place])
            }
        ) as parts
    from user_factors
    inner join item_factors on item_factors.item_id = id_of(cast(for_item as varchar))
    cross join generation
    where user_factors.user_id = id_of(cast(for_user as varchar))
),

products as (
    select
        unnest(parts) as part,
        of_user,
        of_item
    from vectors
),

added as (
    select
        part.name as name,
        case
            when part.last < part.first then 0
            else list_inner_product(of_user[part.first:part.last], of_item[part.first:part.last])
        end as score
    from products
),

parts as (
    select
        max(score) filter (where name = 'collaborative') as taste,
        max(score) filter (where name = 'sequential') as next,
        max(score) filter (where name = 'personal_trend') as personal_trend,
        max(score) filter (where name = 'genres') as genres,
        max(score) filter (where name = 'trend') as trend
    from added
),

listed as (
    select
        rank,
        because_item_id,
        reason
    from recommendations
    where user_id = id_of(cast(for_user as varchar)) and item_id = id_of(cast(for_item as varchar))
),

watched_as as (
    select position
    from histories
    where user_id = id_of(cast(for_user as varchar)) and item_id = id_of(cast(for_item as varchar))
)

select
    items.item_id,
    items.title,
    case
        when listed.rank is not null then 'in the list'
        when watched_as.position is not null then 'watched'
        when items.is_hidden then 'hidden'
        when items.ratings = 0 and parts.taste is null then 'rated by nobody'
        when parts.taste is null then 'the user is unknown'
        else 'scored below the list'
    end as standing,
    listed.rank,
    round(parts.taste + parts.next + parts.personal_trend + parts.genres + parts.trend, 6) as score,
    round(parts.taste, 6) as taste,
    round(parts.next, 6) as next,
    round(parts.personal_trend, 6) as personal_trend,
    round(parts.genres, 6) as genres,
    round(parts.trend, 6) as trend,
    reasons.title as because,
    listed.reason
from items
left join parts on true
left join listed on true
left join watched_as on true
left join items as reasons on listed.because_item_id = reasons.item_id
where items.item_id = id_of(cast(for_item as varchar));
comment on macro table why is 'One row: why a movie is in the list of a user or not (`standing`), its score as the sum of taste, what is watched next, what people with such likes watch lately (`personal_trend`), genres and trend, the movie of the history that explains it best, and the `reason`.';

-- one row per movie that entered or left the list of a user, with its rank before and after, and why
-- parameters: $user_id
-- A rank below the depth of the list is the rank among all movies that could be listed, from the stored vectors; a movie that
-- could not be listed has none.
with seen_before as (
    select item_id
    from before.histories
    where user_id = $user_id
),

seen_after as (
    select item_id
    from after.histories
    where user_id = $user_id
),

listed_before as (
    select
        item_id,
        rank
    from before.recommendations
    where user_id = $user_id
),

listed_after as (
    select
        item_id,
        rank
    from after.recommendations
    where user_id = $user_id
),

scored_before as (
    select
        items.item_id,
        list_inner_product(cast(item_factors.factors as double []), cast(user_factors.factors as double [])) as score
    from before.items
    inner join before.item_factors on items.item_id = item_factors.item_id
    inner join before.user_factors on user_factors.user_id = $user_id
    anti join seen_before on items.item_id = seen_before.item_id
    where not items.is_hidden
),

scored_after as (
    select
        items.item_id,
        list_inner_product(cast(item_factors.factors as double []), cast(user_factors.factors as double [])) as score
    from after.items
    inner join after.item_factors on items.item_id = item_factors.item_id
    inner join after.user_factors on user_factors.user_id = $user_id
    anti join seen_after on items.item_id = seen_after.item_id
    where not items.is_hidden
),

ranked_before as (
    select
        item_id,
        row_number() over (order by score desc, item_id) as rank
    from scored_before
),

ranked_after as (
    select
        item_id,
        row_number() over (order by score desc, item_id) as rank
    from scored_after
),

changes as (
    select
        coalesce(listed_before.item_id, listed_after.item_id) as item_id,
        listed_before.rank as listed_before,
        listed_after.rank as listed_after
    from listed_before
    full join listed_after on listed_before.item_id = listed_after.item_id
    where listed_before.item_id is null or listed_after.item_id is null
),

-- A movie that is not listed ranks below every listed one, whatever rounding does to its score.
ranks as (
    select
        changes.item_id,
        changes.listed_before is null as is_entry,
        case
            when changes.listed_before is not null then changes.listed_before
            when ranked_before.rank is not null
                then greatest(ranked_before.rank, (select count(*) + 1 from listed_before))
        end as rank_before,
        case
            when changes.listed_after is not null then changes.listed_after
            when ranked_after.rank is not null
                then greatest(ranked_after.rank, (select count(*) + 1 from listed_after))
        end as rank_after
    from changes
    left join ranked_before on changes.item_id = ranked_before.item_id
    left join ranked_after on changes.item_id = ranked_after.item_id
)

select
    case when ranks.is_entry then 'entered' else 'left' end as change,
    ranks.item_id,
    coalesce(items_after.title, items_before.title) as title,
    ranks.rank_before,
    ranks.rank_after,
    case
        when ranks.is_entry and seen_before.item_id is not null then 'no longer watched'
        when ranks.is_entry and items_before.item_id is null then 'new movie'
        when ranks.is_entry and items_before.ratings = 0 and items_after.ratings > 0 then 'newly rated'
        when ranks.is_entry and items_before.is_hidden then 'no longer hidden'
        when not ranks.is_entry and seen_after.item_id is not null then 'watched since'
        when not ranks.is_entry and items_after.item_id is null then 'no longer in the input'
        when not ranks.is_entry and items_after.ratings = 0 and items_before.ratings > 0 then 'no longer rated'
        when not ranks.is_entry and items_after.is_hidden then 'hidden'
        when ranks.is_entry and ranks.rank_before <= (select top_n from after.generation) then 'lists are deeper'
        when not ranks.is_entry and ranks.rank_after <= (select top_n from before.generation) then 'lists are shorter'
        else 'score moved'
    end as reason
from ranks
left join seen_before on ranks.item_id = seen_before.item_id
left join seen_after on ranks.item_id = seen_after.item_id
left join before.items as items_before on ranks.item_id = items_before.item_id
left join after.items as items_after on ranks.item_id = items_after.item_id
order by ranks.is_entry desc, case when ranks.is_entry then ranks.rank_after else ranks.rank_before end;

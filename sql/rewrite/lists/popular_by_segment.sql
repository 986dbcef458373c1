-- one row per segment and rank: lists that held a movie which leaves them are filled again
-- parameters: $top_n, $half_life
-- What enters is counted as a run does it, from the histories; only that movies of one moment count alike. It scores no more
-- than what was last in the list before.
insert into draft.popular_by_segment by name
with touched as (
    select
        segment,
        min(score) as least_score
    from kept.popular_by_segment
    where segment in (
        select popular_by_segment.segment
        from kept.popular_by_segment
        semi join gone_items on popular_by_segment.item_id = gone_items.item_id
    )
    group by segment
),

weighted as (
    select
        user_id,
        item_id,
        pow(0.5, (rank() over (order by rated_at desc nulls last) - 1) / count(*) over () / $half_life) as weight
    from kept.histories
    anti join gone_users using (user_id)
    where exists (from touched)
),

counted as (
    select
        segments.segment,
        weighted.item_id,
        sum(weighted.weight) as score
    from kept.segments
    inner join touched on segments.segment = touched.segment
    inner join kept.users
        on (segments.gender is null or segments.gender = users.gender)
        and (segments.age_group is null or segments.age_group = users.age_group)
        and (segments.occupation is null or segments.occupation = users.occupation)
    inner join weighted on users.user_id = weighted.user_id
    inner join draft.items on weighted.item_id = items.item_id and items.ratings > 0 and not items.is_hidden
    group by segments.segment, weighted.item_id
),

entering as (
    select
        counted.segment,
        counted.item_id,
        least(counted.score, touched.least_score) as score,
        row_number() over (partition by counted.segment order by counted.score desc, counted.item_id) as place
    from counted
    inner join touched on counted.segment = touched.segment
    anti join kept.popular_by_segment as listed
        on counted.segment = listed.segment and counted.item_id = listed.item_id
),

listed as (
    select
        popular_by_segment.segment,
        popular_by_segment.item_id,
        popular_by_segment.score,
        popular_by_segment.rank as place
    from kept.popular_by_segment
    anti join gone_items on popular_by_segment.item_id = gone_items.item_id
    union all
    select
        segment,
        item_id,
        score,
        $top_n + place as place
    from entering
),

ranked as (
    select
        segment,
        row_number() over (partition by segment order by place) as rank,
        item_id,
        score
    from listed
)

select
    ranked.segment,
    ranked.rank,
    ranked.item_id,
    ranked.score
from ranked
inner join kept.segments on ranked.segment = segments.segment
where ranked.rank <= $top_n
order by segments.place, ranked.rank;

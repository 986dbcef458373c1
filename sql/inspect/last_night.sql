-- How good were the lists that were published before, by what people have done since?
-- one row for all users who came back, one per band of days between the last interaction known then and the first new one, and one for users who were unknown then, as far as there are any
-- Ends of intervals are null for a single user. Unknown users are scored by the popular list.
with bands(place, band, model, suffix) as (
    values
    (1, 'all who came back', 'last_night', ''),
    (2, 'away under 1 day', 'last_night', '_under_1_day'),
    (3, 'away 1 to 7 days', 'last_night', '_1_to_7_days'),
    (4, 'away 7 to 30 days', 'last_night', '_7_to_30_days'),
    (5, 'away over 30 days', 'last_night', '_over_30_days'),
    (6, 'unknown before', 'last_night_unknown', '')
),

measured as (
    select
        bands.place,
        bands.band,
        max(value) filter (where metric = 'judged_users' || suffix) as users,
        max(value) filter (where metric = 'hr@10' || suffix) as hit_rate,
        max(value) filter (where metric = 'hr@10' || suffix || '_low') as hit_rate_low,
        max(value) filter (where metric = 'hr@10' || suffix || '_high') as hit_rate_high,
        max(value) filter (where metric = 'ndcg@10' || suffix) as ndcg,
        max(value) filter (where metric = 'ndcg@10' || suffix || '_low') as ndcg_low,
        max(value) filter (where metric = 'ndcg@10' || suffix || '_high') as ndcg_high
    from bands
    inner join metrics using (model)
    group by bands.place, bands.band
),

popular_list as (
    select
        bands.place,
        max(value) filter (where metric = 'hr@10' || suffix) as hit_rate,
        max(value) filter (where metric = 'ndcg@10' || suffix) as ndcg
    from bands
    inner join metrics on metrics.model = case bands.model when 'last_night' then 'last_night_popular' else bands.model end
    group by bands.place
)

select
    measured.band,
    cast(measured.users as bigint) as users,
    measured.hit_rate,
    measured.hit_rate_low,
    measured.hit_rate_high,
    popular_list.hit_rate as hit_rate_of_popular,
    measured.ndcg,
    measured.ndcg_low,
    measured.ndcg_high,
    popular_list.ndcg as ndcg_of_popular
from measured
inner join popular_list using (place)
where measured.users > 0
order by measured.place;

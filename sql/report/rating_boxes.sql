-- one row per stage: the quartiles of its ratings, and how far the whiskers of a box plot reach
-- A quartile is the lowest rating up to which so many of the rows are. A whisker ends at the last rating within
-- one and a half heights of the box (Tukey, Exploratory Data Analysis, 1977); what is beyond stands alone.
with counted as (
    select
        stage,
        rating,
        rows,
        sum(rows) over (partition by stage order by rating) / sum(rows) over (partition by stage) as share
    from rating_counts
    where rating is not null
),

quartiles as (
    select
        stage,
        min(rating) filter (where share >= 0.25) as low,
        min(rating) filter (where share >= 0.5) as middle,
        min(rating) filter (where share >= 0.75) as high,
        min(rating) as least,
        max(rating) as most,
        sum(rows * rating) / sum(rows) as mean
    from counted
    group by stage
)

select
    quartiles.stage,
    quartiles.least,
    quartiles.low,
    quartiles.middle,
    quartiles.high,
    quartiles.most,
    quartiles.mean,
    min(counted.rating) filter (where counted.rating >= low - 1.5 * (high - low)) as whisker_low,
    max(counted.rating) filter (where counted.rating <= high + 1.5 * (high - low)) as whisker_high,
    coalesce(
        list(counted.rating order by counted.rating) filter (
            where counted.rating < low - 1.5 * (high - low) or counted.rating > high + 1.5 * (high - low)
        ),
        []
    ) as alone
from quartiles
inner join counted on quartiles.stage = counted.stage
group by all
order by quartiles.stage desc;

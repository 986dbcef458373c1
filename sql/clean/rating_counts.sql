-- one row per stage of cleaning and rating: how many rows have it; without a number where a row has none
create table rating_counts as
with before_cleaning as (
    select
        'before' as stage,
        case when isfinite(typed_ratings.rating) then typed_ratings.rating end as rating
    from rating_lines
    left join typed_ratings on rating_lines.line = typed_ratings.line
),

after_cleaning as (
    select
        'after' as stage,
        rating
    from ratings
),

stages as (
    select stage, rating from before_cleaning
    union all
    select stage, rating from after_cleaning
)

select
    stage,
    rating,
    count(*) as rows
from stages
group by stage, rating
order by stage desc, rating;

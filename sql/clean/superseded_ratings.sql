-- one row per rating of a film that the same user has rated again later: its line
create table superseded_ratings as
with repeated as (
    select
        user_id,
        item_id
    from given_ratings
    group by user_id, item_id
    having count(*) > 1
),

ordered as (
    select
        given_ratings.line,
        row_number() over (
            partition by given_ratings.user_id, given_ratings.item_id
            order by given_ratings.rated_at desc nulls last, given_ratings.line desc
        ) as recency
    from given_ratings
    semi join repeated
        on given_ratings.user_id = repeated.user_id and given_ratings.item_id = repeated.item_id
)

select line
from ordered
where recency > 1;

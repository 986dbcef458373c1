-- one row per part of the score of a movie for a user; a file of a version before has fewer
-- parameters: $user_id, $item_id
with parts as (
    select columns(lambda part: part in ('taste', 'next', 'personal_trend', 'genres', 'trend'))
    from why($user_id, $item_id)
)

select
    part,
    score
from (unpivot parts on columns(*) into name part value score)
order by list_position(['taste', 'next', 'personal_trend', 'genres', 'trend'], part);

-- What leads the scores of listed movies?
-- one row per reason: how many of the first ten places it has, in per cent, and of all
with counted as (
    select
        reason,
        count(*) filter (where rank <= 10) as first_ten,
        count(*) as places
    from recommendations
    group by reason
)

select
    reason,
    round(100 * first_ten / sum(first_ten) over (), 1) as share_of_first_ten,
    round(100 * places / sum(places) over (), 1) as share_of_all
from counted
order by share_of_first_ten desc, reason;

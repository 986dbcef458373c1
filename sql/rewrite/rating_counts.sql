-- one row per stage and rating: ratings of who is left out no longer count
-- What rating a row had that was rejected is not known, and stays counted.
insert into draft.rating_counts
with gone as (
    select
        histories.rating,
        count(*) as rows
    from kept.histories
    semi join gone_users on histories.user_id = gone_users.user_id
    group by histories.rating
)

select rating_counts.* replace (rating_counts.rows - coalesce(gone.rows, 0) as rows)
from kept.rating_counts
left join gone on rating_counts.rating is not distinct from gone.rating
where rating_counts.rows > coalesce(gone.rows, 0)
order by rating_counts.stage desc, rating_counts.rating;

-- one row per number of movies that were not among the first ten of a list before: how many of the lists that both generations have
with paired as (
    select
        users_after.user_id,
        count(new.item_id) filter (where old.item_id is null) as entered
    from after.users as users_after
    inner join before.users as users_before on users_after.user_id = users_before.user_id
    left join after.recommendations as new on users_after.user_id = new.user_id and new.rank <= 10
    left join before.recommendations as old
        on new.user_id = old.user_id and new.item_id = old.item_id and old.rank <= 10
    group by users_after.user_id
)

select
    entered,
    count(*) as lists
from paired
group by entered
order by entered;

-- one row per user with very many of all rows: how many, and the most that any other user has; most first
-- parameters: $min_rows, $min_share
with counted as (
    select
        user_id,
        count(*) as rows
    from all_interactions
    group by user_id
),

flagged as (
    select
        user_id,
        rows,
        rows >= $min_rows and rows > $min_share * sum(rows) over () as is_heavy
    from counted
)

select
    cast(user_id as varchar) as user_id,
    rows,
    (select coalesce(max(others.rows), 0) from flagged as others where not others.is_heavy) as most_of_others
from flagged
where is_heavy
order by rows desc, user_id;

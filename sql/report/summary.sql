-- one row: what this generation is, from what it was made, how much it holds, and how many ratings users and movies have, from when to when
-- The median of movies is over those with a rating.
select
    id,
    date_trunc('second', started_at) as started_at,
    date_trunc('second', finished_at) as finished_at,
    made_by,
    made_from,
    fingerprint,
    top_n,
    overridden,
    rows_read,
    rows_kept,
    rows_repaired,
    rows_rejected,
    rows_superseded,
    rows_held_out,
    (select count(*) from rejected_rows where rule = 'over_max_per_user') as rows_capped,
    users,
    items,
    (select count(*) from items) as items_of_input,
    (select count(*) from items where is_hidden) as items_hidden,
    (select median(ratings) from users) as median_of_users,
    (select max(ratings) from users) as most_of_users,
    (select median(ratings) from items where ratings > 0) as median_of_items,
    (select max(ratings) from items) as most_of_items,
    (select min(first_rated_at) from users) as first_rated_at,
    (select max(last_rated_at) from users) as last_rated_at
from generation;

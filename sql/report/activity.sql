-- one row: how many ratings users and movies have, and from when to when; the median is over those with at least one
select
    (select median(ratings) from users) as median_of_users,
    (select max(ratings) from users) as most_of_users,
    (select median(ratings) from items where ratings > 0) as median_of_items,
    (select max(ratings) from items) as most_of_items,
    (select min(first_rated_at) from users) as first_rated_at,
    (select max(last_rated_at) from users) as last_rated_at;

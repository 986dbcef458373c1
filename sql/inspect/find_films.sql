-- Which movies have these words in their title?
-- one row per movie, a hundred of them, those rated most first: its id, and what is known of it
-- parameters: $title
-- Without words it is all movies.
select
    item_id,
    title,
    year,
    genres,
    ratings,
    round(mean_rating, 2) as mean_rating,
    is_hidden
from items
where contains(lower(title), lower(coalesce($title, '')))
order by ratings desc, item_id
limit 100;

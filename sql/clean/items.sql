-- one row per movie of movies or of a rating that counts: what is known of it
-- A movie without a row of its own, or without a title, is shown with its id. `clean/new_items` says later which are new.
create table items as
with movies as (
    select
        item_id,
        title,
        year,
        genres,
        attributes
    from validated_movies
    where rule is null
),

hidden as (
    select distinct item_id
    from hidden_rows
    where item_id is not null
)

select
    item_id,
    row_number() over (order by ratings desc, item_id) as number,
    coalesce(movies.title, item_id) as title,
    movies.year,
    coalesce(movies.genres, []) as genres,
    coalesce(movies.attributes, '{}') as attributes,
    coalesce(rated_items.ratings, 0) as ratings,
    rated_items.mean_rating,
    item_id in (select hidden.item_id from hidden) as is_hidden,
    false as is_new
from movies
full join rated_items using (item_id)
order by item_id;

-- Which movies are hidden, and how popular would they be?
-- one row per hidden movie, the most popular first
select
    item_id,
    title,
    ratings,
    round(popularity, 2) as popularity,
    1 + (
        select count(*)
        from items as others
        where others.popularity > items.popularity and not others.is_hidden
    ) as popular_rank
from items
where is_hidden
order by popularity desc nulls last, item_id;

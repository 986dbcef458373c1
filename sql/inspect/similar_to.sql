-- Which movies are similar to these, the five first?
-- one row per movie that has one of the words in its title, a hundred of them, those rated most first: the five movies most like it
-- parameters: $title
-- Several words have | between them. Without words it is all movies.
with words as (
    select unnest(string_split(lower(coalesce($title, '')), '|')) as word
),

asked as (
    select
        item_id,
        title,
        ratings
    from items
    where exists (select 1 from words where contains(lower(items.title), words.word))
)

select
    asked.title,
    asked.ratings,
    string_agg(others.title, '; ' order by similar_items.rank) as similar_titles
from asked
inner join similar_items on asked.item_id = similar_items.item_id
inner join items as others on similar_items.similar_item_id = others.item_id
where similar_items.rank <= 5
group by asked.item_id, asked.title, asked.ratings
order by asked.ratings desc, asked.item_id
limit 100;

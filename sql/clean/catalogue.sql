-- one row: how many movies with a rating that counts there are, to how many of them movies gives a title, and examples of ids
with titled as (
    select
        item_id,
        line
    from validated_movies
    where rule is null and title is not null
),

rated as (
    select
        item_id,
        ratings
    from items
    where ratings > 0
)

select
    count(*) as items,
    count(titled.item_id) as titled,
    coalesce(
        list(rated.item_id order by rated.ratings desc, rated.item_id) filter (where titled.item_id is null), []
    )[:3] as untitled_ids,
    (select coalesce(list(titled.item_id order by titled.line), [])[:3] from titled) as titled_ids
from rated
left join titled on rated.item_id = titled.item_id;

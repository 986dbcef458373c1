-- one row, none for a movie that is unknown: who has watched the movie, and to whom it is recommended, in numbers; and how much each movie of its list is like it, in the order of the list
-- `viewers` is the old name of `item_stats`, in files of the version before too; read `item_stats` when they are gone.
-- parameters: $item_id
select
    items.ratings,
    items.mean_rating,
    items.is_hidden,
    viewers.likes,
    viewers.stars,
    viewers.first_rated_at,
    viewers.last_rated_at,
    viewers.lists,
    viewers.top_tens,
    (select users from generation) as users,
    coalesce((select list(score order by rank) from similar_items where item_id = $item_id), []) as likeness
from items
inner join viewers on items.item_id = viewers.item_id
where items.item_id = $item_id;

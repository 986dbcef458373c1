-- one row: the generation that this file is, when it was complete in seconds since 1970, the depth of its lists, how many movies it has, the popular list as numbers of movies, what an item is called (one, several), the lowest and the highest stars if there are any, and for how many bytes of memory the indexes by which users and movies are looked up may ask
-- Files of older versions have no noun and no scale.
-- The nodes of an index take less: from 37 bytes for an id of 5 characters to 121 for one of 64; `tests/api/test_generation.py` compares.
with whole as (
    select *
    from generation
    union all by name
    select
        cast(null as varchar []) as noun,
        cast(null as double []) as scale
    where false
)

select
    id,
    epoch(finished_at) as finished_at,
    top_n,
    (select count(*) from items) as items,
    (
        select coalesce(string_agg(items.number, ',' order by popular.rank), '')
        from popular
        inner join items on popular.item_id = items.item_id
    ) as popular,
    coalesce(noun, ['movie', 'movies']) as noun,
    case when noun is null then [0.5, 5.0] else scale end as scale,
    (
        select cast(coalesce(sum(48 + 1.5 * strlen(keys.id)), 0) as bigint)
        from (
            select user_id as id
            from lookups
            union all
            select item_id
            from similar_lookups
        ) as keys
    ) as bytes_of_indexes
from whole;

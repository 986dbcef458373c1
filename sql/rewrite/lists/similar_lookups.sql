-- one row per movie that has a list of similar ones: texts of the lists that were made anew
insert into draft.similar_lookups by name
select
    similar_items.item_id,
    any_value(owners.number) as number,
    string_agg(others.number, ',' order by similar_items.rank) as similar_items,
    list(similar_items.score order by similar_items.rank) as scores
from draft.similar_items
inner join draft.items as owners on similar_items.item_id = owners.item_id
inner join draft.items as others on similar_items.similar_item_id = others.item_id
group by similar_items.item_id
order by similar_items.item_id;

-- one row per movie that has a list of similar ones
-- Uncompressed, since one row is read at a time; the index finds it.
create table draft.similar_lookups (
    item_id varchar not null using compression uncompressed,
    number integer not null,
    similar_items varchar not null using compression uncompressed,
    scores smallint [] not null
);
comment on table draft.similar_lookups is 'One row per movie that has similar ones: what the service reads. The same as in `similar_items`, each list as one text.';
comment on column draft.similar_lookups.item_id is 'The movie, as in `items`.';
comment on column draft.similar_lookups.number is 'Its number, as in `items`.';
comment on column draft.similar_lookups.similar_items is 'Movies like it, most alike first: numbers as in `items`, with commas between them.';
comment on column draft.similar_lookups.scores is 'What the movie says for each of them: `weight` in `similar_items`; in files of version 0.5 and before, `score`.';
insert into draft.similar_lookups
select
    similar_items.item_id,
    any_value(owners.number) as number,
    string_agg(others.number, ',' order by similar_items.rank) as similar_items,
    list(similar_items.weight order by similar_items.rank) as scores
from draft.similar_items
inner join draft.items as owners on similar_items.item_id = owners.item_id
inner join draft.items as others on similar_items.similar_item_id = others.item_id
group by similar_items.item_id
order by similar_items.item_id;
create unique index similar_lookups_item_id on draft.similar_lookups (item_id);

-- one row per movie and rank, as published before similar movies had weights: those of their scores
alter table draft.similar_items add column if not exists weight smallint;

update draft.similar_items
set weight = cast(round(1000 * score) as smallint)
where weight is null;

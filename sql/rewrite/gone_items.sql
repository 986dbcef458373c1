-- one row per movie that leaves the lists: whether it is hidden, or nobody is left who has rated it
-- parameters: $hidden, $unrated
create or replace table gone_items as
select
    unnest(cast($hidden as varchar [])) as item_id,
    true as is_hidden
union all
select
    unnest(cast($unrated as varchar [])) as item_id,
    false as is_hidden;

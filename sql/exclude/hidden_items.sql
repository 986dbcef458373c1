-- one row per movie that is hidden by command, added to those that the input hides
-- parameters: $item_ids
insert into hidden_rows by name
select unnest(cast($item_ids as varchar [])) as item_id;

-- one row per position of a history, as published before it had weights: those of its stars; and no item that is only seen
create table if not exists draft.seen_items (
    user_id varchar,
    item_id varchar
);

alter table draft.histories add column if not exists weight double;

update draft.histories
set weight = case when rating is null or rating >= 3 then 1 else 0 end
where weight is null;

-- one row per id of a user or a movie in ratings that break no rule: the values of the enums by which both are stored
-- A user or a movie is a small number, its place in the order of ids as text: the row that it has in the matrices.
create type user_ids as enum (
    select user_id
    from (select distinct user_id from valid_ratings)
    order by user_id
);

create type item_ids as enum (
    select item_id
    from (select distinct item_id from valid_ratings)
    order by item_id
);

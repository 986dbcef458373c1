-- one row per row of ratings by which it is told whose those without a user id are
create table rating_rows (
    line bigint,
    user_id varchar,
    item_id varchar,
    rating double,
    rated_at timestamp
);

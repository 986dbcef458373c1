-- what one value of user_id can be, after cleaning: the users with a rating that counts, in the order of ids as text
-- An id is stored as the small number of its place in that order, which is also the row of the user in the matrices.
create type user_ids as enum (
    select user_id
    from (select distinct user_id from valid_ratings)
    order by user_id
);

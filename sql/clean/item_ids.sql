-- what one value of item_id can be, after cleaning: the movies with a rating that counts, in the order of ids as text
-- An id is stored as the small number of its place in that order, which is also the row of the movie in the matrices.
create type item_ids as enum (
    select item_id
    from (select distinct item_id from valid_ratings)
    order by item_id
);

-- no row: an optional file that is missing says nothing
create table movie_rows (
    line bigint, item_id varchar, title varchar, genres varchar, year varchar, attributes map(varchar, varchar)
);
create table user_rows (
    line bigint, user_id varchar, gender varchar, age varchar, occupation varchar, attributes map(varchar, varchar)
);
create table hidden_rows (line bigint, item_id varchar);

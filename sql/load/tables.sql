-- one row per input file, blank line, or line that counts for nothing: what is found beside rows; empty until a file is read

-- How many rows a file has, whatever becomes of them.
create table input_rows (
    file varchar,
    rows bigint
);

create table blank_lines (
    file varchar,
    line bigint
);

-- Also the user of a row, if that is known.
create table rejected_lines (
    file varchar,
    line bigint,
    rule varchar,
    user_id varchar
);

-- What is odd in the input as a whole, or in values that are not needed; the user if it is about one.
create table input_warnings (
    warning varchar,
    file varchar,
    rows bigint,
    text varchar,
    user_id varchar
);

-- An optional file that is missing has no rows.
create table movie_rows (
    line bigint, item_id varchar, title varchar, genres varchar, year varchar, attributes map(varchar, varchar)
);
create table user_rows (
    line bigint, user_id varchar, gender varchar, age varchar, occupation varchar, attributes map(varchar, varchar)
);
create table hidden_rows (line bigint, item_id varchar);

-- Lines of ratings or users that are excluded, since their user is forgotten.
create table held_out_lines (
    file varchar,
    line bigint,
    is_rating boolean
);

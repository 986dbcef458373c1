-- what is found beside the rows of the input files; empty until one is read

-- one row per input file: how many rows it has, whatever becomes of them
create table input_rows (
    file varchar,
    rows bigint
);

-- one row per blank line
create table blank_lines (
    file varchar,
    line bigint
);

-- one row per row that counts for nothing, and its user, if that is known
create table rejected_lines (
    file varchar,
    line bigint,
    rule varchar,
    user_id varchar
);

-- one row per blank line of an input file; empty until one is read
create table blank_lines (
    file varchar,
    line bigint
);

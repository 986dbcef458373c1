-- one row per row of the input that counts for nothing; empty until a step finds one
create table rejected_lines (
    file varchar,
    line bigint,
    rule varchar
);

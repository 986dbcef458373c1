-- one row per row of the input that counts for nothing, and whose it is, if that is known; empty until a step finds one
create table rejected_lines (
    file varchar,
    line bigint,
    rule varchar,
    user_id varchar
);

-- one row per input row that counts for nothing; empty until a step finds one
create table rejected_rows (
    file varchar,
    line bigint,
    rule varchar,
    raw varchar
);

-- one row per input row that counts for nothing, with its raw text; empty until it is looked up in a file
create table rejected_rows (
    file varchar,
    line bigint,
    rule varchar,
    raw varchar,
    user_id varchar
);

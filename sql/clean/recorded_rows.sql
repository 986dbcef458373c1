-- one row per input row that counts for nothing, and per row that counts after a repair; empty until they are looked up in a file
create table rejected_rows (
    file varchar,
    line bigint,
    rule varchar,
    raw varchar,
    user_id varchar
);

create table repaired_rows as
from rejected_rows;

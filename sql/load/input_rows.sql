-- one row per input file: how many rows it has, whatever becomes of them; empty until one is read
create table input_rows (
    file varchar,
    rows bigint
);

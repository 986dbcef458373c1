-- no row: an optional file that is missing says nothing
create table user_rows (line bigint, user_id varchar, gender varchar, age varchar, occupation varchar);
create table hidden_rows (line bigint, item_id varchar);

-- no row: nothing is known of anybody where there is no such file
create table user_rows (line bigint, user_id varchar, gender varchar, age varchar, occupation varchar);

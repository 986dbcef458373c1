-- no row: nothing is hidden where there is no such file
create table hidden_rows (line bigint, item_id varchar);

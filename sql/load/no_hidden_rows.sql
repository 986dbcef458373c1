-- no row: nothing is hidden where there is no such file
create table hidden_rows (line bigint, movieid varchar);
create table hidden_lines (line bigint, raw varchar);

-- one row per user, as the workers have written it, in the order of ids: history, list, look-ups and vector
-- The variable has the files in the order of their names, which is that of users.
create view users_written as
select *
from read_parquet(getvariable('users_written'));

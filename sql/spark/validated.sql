-- one row per row of ratings that was rejected or repaired, and per count, as workers have found them
-- parameters: $path
create table validated as
select
    kind,
    line,
    user_id,
    rating,
    rule,
    rows
from read_parquet($path);

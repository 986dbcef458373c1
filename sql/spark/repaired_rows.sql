-- one row per row of ratings that counts after a repair: what it was, and the user id that it got
-- parameters: $file, $path
insert into repaired_rows by name
select
    $file as file,
    repaired_lines.line,
    'user_id_between_neighbours' as rule,
    raw_rows.raw,
    repaired_lines.user_id
from repaired_lines
inner join read_parquet($path) as raw_rows on repaired_lines.line = raw_rows.line;

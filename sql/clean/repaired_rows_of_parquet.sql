-- one row per row of ratings in Parquet that counts after a repair: what it was, and the user id that it got
-- parameters: $file, $path
create table repaired_rows as
select
    $file as file,
    repaired_lines.line,
    'user_id_between_neighbours' as rule,
    rows_as_json.raw,
    repaired_lines.user_id
from json_of($path) as rows_as_json
inner join repaired_lines on rows_as_json.line = repaired_lines.line;

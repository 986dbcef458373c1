-- one row per rejected row of a Parquet file, as JSON, added to the rejected rows
-- parameters: $file, $path
insert into rejected_rows
select
    rejected_lines.file,
    rejected_lines.line,
    rejected_lines.rule,
    rows_as_json.raw,
    rejected_lines.user_id
from json_of($path) as rows_as_json
inner join rejected_lines on rows_as_json.line = rejected_lines.line
where rejected_lines.file = $file;

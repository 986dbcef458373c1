-- one row per row of ratings that counts for nothing, with its raw text, added to the rejected rows
-- parameters: $file, $path
insert into rejected_rows
select
    rejected_lines.file,
    rejected_lines.line,
    rejected_lines.rule,
    raw_rows.raw,
    rejected_lines.user_id
from rejected_lines
inner join read_parquet($path) as raw_rows on rejected_lines.line = raw_rows.line
where rejected_lines.file = $file;

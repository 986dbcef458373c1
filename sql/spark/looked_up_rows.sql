-- one row per row of ratings that was rejected, added to those of other files, or repaired; with its raw text
insert into rejected_rows
select
    rejected_lines.file,
    rejected_lines.line,
    rejected_lines.rule,
    raw_rows.raw,
    rejected_lines.user_id
from rejected_lines
inner join raw_rows on rejected_lines.file = raw_rows.file and rejected_lines.line = raw_rows.line;

insert into repaired_rows by name
select
    raw_rows.file,
    repaired_lines.line,
    'user_id_between_neighbours' as rule,
    raw_rows.raw,
    repaired_lines.user_id
from repaired_lines
inner join raw_rows on repaired_lines.line = raw_rows.line;

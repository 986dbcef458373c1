-- one row per input file and what was read from it
create table draft.input_files (
    file varchar not null,
    content varchar not null
);
comment on table draft.input_files is 'One row per input file: what was read from it.';
comment on column draft.input_files.file is 'Name of the file, as in `rejected_rows`.';
comment on column draft.input_files.content is '`interactions`, `items`, `users` or `hidden`.';
insert into draft.input_files
select
    file,
    content
from input_files
order by file, content;

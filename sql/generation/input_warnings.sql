-- one row per file and warning
create table draft.input_warnings (
    warning varchar not null,
    file varchar not null,
    rows bigint,
    text varchar not null,
    user_id varchar
);
comment on table draft.input_warnings is 'One row per file and warning: what was odd in the input but stopped no run; empty if nothing was.';
comment on column draft.input_warnings.warning is 'Name of the warning; docs/input.md lists them.';
comment on column draft.input_warnings.file is 'Name of the input file.';
comment on column draft.input_warnings.rows is 'How many rows it concerns; null if it is not about rows.';
comment on column draft.input_warnings.text is 'What is odd, where, and what to do.';
comment on column draft.input_warnings.user_id is 'The user, if it is about one user; null otherwise.';
insert into draft.input_warnings
select
    warning,
    file,
    rows,
    text,
    user_id
from input_warnings
order by file, warning, user_id, text;

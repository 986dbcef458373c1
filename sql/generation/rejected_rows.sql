-- one row per input row that counts for nothing
create table draft.rejected_rows (
    file varchar not null,
    line bigint not null,
    rule varchar not null,
    raw varchar not null,
    user_id varchar
);
comment on table draft.rejected_rows is 'One row per input row that counts for nothing, under the first rule that it breaks.';
comment on column draft.rejected_rows.file is 'Name of the input file.';
comment on column draft.rejected_rows.line is 'Line in the file, the header being 1; for Parquet the number of the row, from 1.';
comment on column draft.rejected_rows.rule is 'Why the row does not count; `superseded` is no fault: a later row says the same thing anew; neither is `over_max_per_user`: the user has more rows than count; nor `unknown_item`: a movie is to be hidden that is not there.';
comment on column draft.rejected_rows.raw is 'The line as it stands in the file, with U+FFFD for what is no text or too long; for Parquet the row as JSON.';
comment on column draft.rejected_rows.user_id is 'The user of the row, also if the id was missing and a repair found it; null if none did, and for movies.';
insert into draft.rejected_rows
select
    file,
    line,
    rule,
    raw,
    user_id
from rejected_rows
order by file, line;

-- one row per input row that counts after a repair
create table draft.repaired_rows (
    file varchar not null,
    line bigint not null,
    rule varchar not null,
    raw varchar not null,
    user_id varchar not null
);
comment on table draft.repaired_rows is 'One row per input row that counts after a repair.';
comment on column draft.repaired_rows.file is 'Name of the input file.';
comment on column draft.repaired_rows.line is 'Line in the file, the header being 1; for Parquet the number of the row, from 1.';
comment on column draft.repaired_rows.rule is 'What was repaired: `user_id_between_neighbours` is the one id missing between two users; `age_out_of_range` is an age that is none, and counts as not known.';
comment on column draft.repaired_rows.raw is 'The line as it stands in the file; for Parquet the row as JSON.';
comment on column draft.repaired_rows.user_id is 'The user of the row, found by the repair if it was missing.';
insert into draft.repaired_rows
select
    file,
    line,
    rule,
    raw,
    user_id
from repaired_rows
order by file, line;

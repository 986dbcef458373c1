-- one row: what this file is, from what it was made, how and when
-- parameters: $id, $started_at, $finished_at, $steps, $seconds, $counted_steps, $rows, $peak_mb, $fingerprint, $exclusions, $top_n, $settings, $setting_values, $packages, $versions, $overridden, $rows_read, $rows_kept, $rows_repaired, $rows_rejected, $rows_superseded, $rows_merged, $rows_held_out, $rows_capped, $rows_ignored, $users, $items, $noun, $repeats, $scale, $parts, $columns
create table draft.generation (
    id varchar not null,
    started_at timestamp not null,
    finished_at timestamp not null,
    seconds map(varchar, double) not null,
    rows map(varchar, bigint) not null,
    peak_mb map(varchar, double) not null,
    fingerprint varchar not null,
    exclusions varchar not null,
    made_by varchar not null,
    made_from varchar,
    top_n integer not null,
    settings map(varchar, varchar) not null,
    versions map(varchar, varchar) not null,
    overridden varchar [] not null,
    rows_read bigint not null,
    rows_kept bigint not null,
    rows_repaired bigint not null,
    rows_rejected bigint not null,
    rows_superseded bigint not null,
    rows_merged bigint not null,
    rows_held_out bigint not null,
    rows_capped bigint not null,
    rows_ignored bigint not null,
    users bigint not null,
    items bigint not null,
    noun varchar [] not null,
    repeats varchar not null,
    scale double [],
    parts map(varchar, integer) not null
);
comment on table draft.generation is 'One row: what this file is, from what it was made, how and when.';
comment on column draft.generation.id is 'Name of the generation; ids sort by time.';
comment on column draft.generation.started_at is 'When the run began, UTC.';
comment on column draft.generation.finished_at is 'When the file was complete and checked, UTC.';
comment on column draft.generation.seconds is 'Duration of each step, in seconds; publishing itself comes after the file is closed.';
comment on column draft.generation.rows is 'How many rows each step went through: of the ratings file as read (load, clean) or kept (train), users (score), evaluated users (evaluate), rows of all other tables of this file (write, check); `removed` is how many movies commands have taken out of the lists since, and by how many a list may be shorter.';
comment on column draft.generation.peak_mb is 'The most memory that the process held during each step, in MiB; if the system does not measure it by step (all but Linux), since the start of the run.';
comment on column draft.generation.fingerprint is 'SHA-256 over names and bytes of the input files.';
comment on column draft.generation.exclusions is 'SHA-256 over who was forgotten and what was hidden by command when the run began; empty if nobody and nothing was.';
comment on column draft.generation.made_by is '`run`, or the command that made this file from another generation: `forget`, or `hide` with the id of the movie.';
comment on column draft.generation.made_from is 'That other generation; null for a run.';
comment on column draft.generation.top_n is 'Depth of the stored lists.';
comment on column draft.generation.settings is 'Every setting of the run that can change the result, as text.';
comment on column draft.generation.versions is 'Version of this program, of Python and of the packages that can change the result.';
comment on column draft.generation.overridden is 'Why the gate would have refused this file, had it not been published by `--accept-regression`; mostly none.';
comment on column draft.generation.rows_read is 'Rows of the ratings file, without header, blank lines, and the rows of forgotten users.';
comment on column draft.generation.rows_kept is 'Rows of the ratings file that count.';
comment on column draft.generation.rows_repaired is 'How many of the kept rows were repaired.';
comment on column draft.generation.rows_rejected is 'Rows of the ratings file that break a rule.';
comment on column draft.generation.rows_superseded is 'Rows of the ratings file that a later row says anew.';
comment on column draft.generation.rows_merged is 'Rows of the ratings file whose weight was added to a newer row of the same user and movie; those of users who were forgotten since are still counted.';
comment on column draft.generation.rows_held_out is 'Rows of the ratings file that were not read, since their users are forgotten.';
comment on column draft.generation.rows_capped is 'Rows of the ratings file beyond the newest `max_per_user` of their user, as the run counted them.';
comment on column draft.generation.rows_ignored is 'Rows of the ratings file that are events to be ignored, by `input.toml`.';
comment on column draft.generation.users is 'Users with at least one kept rating.';
comment on column draft.generation.items is 'Movies with at least one kept rating.';
comment on column draft.generation.noun is 'What an item is called: one, several.';
comment on column draft.generation.scale is 'The lowest and the highest stars; null if the input has none.';
comment on column draft.generation.parts is 'How many numbers of a vector belong to each part of the model, in their order.';
comment on column draft.generation.repeats is '`exclude`, or `recommend` if what a user has had may be recommended again.';
insert into draft.generation
select
    $id,
    $started_at,
    $finished_at,
    map($steps, $seconds),
    map($counted_steps, $rows),
    map($steps, $peak_mb),
    $fingerprint,
    $exclusions,
    'run' as made_by,
    cast(null as varchar) as made_from,
    $top_n,
    map($settings, $setting_values),
    map($packages, $versions),
    $overridden,
    $rows_read,
    $rows_kept,
    $rows_repaired,
    $rows_rejected,
    $rows_superseded,
    $rows_merged,
    $rows_held_out,
    $rows_capped,
    $rows_ignored,
    $users,
    $items,
    $noun,
    $repeats,
    cast($scale as double []),
    map($parts, $columns);

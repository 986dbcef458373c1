-- one row per piece of the ratings: how many lines come before it; and the rows by which missing user ids are found, from all pieces
-- parameters: $file
create table pieces as
select
    file,
    start,
    cast(sum(line) over (order by file, start rows unbounded preceding) as bigint) - line as lines_before
from looked_rows
where kind = 'piece'
order by file, start;

create table rating_rows (
    line bigint,
    user_id varchar,
    item_id varchar,
    rating double,
    rated_at timestamp
);

insert into rating_rows by name
select
    pieces.lines_before + looked_rows.line as line,
    looked_rows.text as user_id
from looked_rows
inner join pieces on looked_rows.file = pieces.file and looked_rows.start = pieces.start
where looked_rows.kind = 'near'
order by line;

insert into blank_lines by name
select
    $file as file,
    pieces.lines_before + looked_rows.line as line
from looked_rows
inner join pieces on looked_rows.file = pieces.file and looked_rows.start = pieces.start
where looked_rows.kind = 'blank'
order by line;

-- one row per line of ratings that the workers have rejected or excluded, added to those of other files; and how many rows were read
insert into input_rows by name
select
    file,
    cast(sum(rows) as bigint) as rows
from validated
where kind = 'read'
group by file;

insert into held_out_lines by name
select
    file,
    line,
    true as is_rating
from validated
where kind = 'held_out'
order by line;

insert into rejected_lines by name
select
    file,
    line,
    rule,
    user_id
from validated
where kind = 'rejected'
order by line;

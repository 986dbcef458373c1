-- one row per fact about a piece of ratings: its number of lines, a row by which missing user ids are found, or a blank line
-- parameters: $file, $start, $lines, $header_line, $shift
-- The rows: those without an id, and the rows before and after them; the first and the last one, by which pieces are joined;
-- and of rows out of order, or ids that can't be counted on from, the first. In these rows alone `clean/repaired_users` finds
-- what it would find in all: whether ids rise everywhere, and between which ones a block lies. $shift is how many lines were
-- put before the piece. The header of a part, and what stands before it, counts as blank.
with rows_beside as (
    select
        line,
        user_id is null
        or lag(user_id is null, 1, false) over (order by line)
        or lead(user_id is null, 1, false) over (order by line) as is_beside
    from rating_rows
),

known as (
    select
        line,
        integer_of(user_id) as number
    from rating_rows
    where user_id is not null
),

steps as (
    select
        line,
        number,
        lag(line) over (order by line) as line_before,
        lag(number) over (order by line) as number_before
    from known
),

first_fault as (
    select
        line,
        line_before
    from steps
    where number is null or number < number_before
    order by line
    limit 1
),

near as (
    select line from rows_beside where is_beside
    union
    select min(line) as line from known
    union
    select max(line) as line from known
    union
    select line from first_fault
    union
    select line_before as line from first_fault
),

facts as (
    select
        'piece' as kind,
        cast($lines as bigint) as line,
        cast(null as varchar) as text
    union all by name
    select
        'near' as kind,
        rating_rows.line - $shift as line,
        rating_rows.user_id as text
    from rating_rows
    semi join near on rating_rows.line = near.line
    union all by name
    select
        'blank' as kind,
        line - $shift as line
    from blank_lines
    where line > $shift
    union all by name
    select
        'blank' as kind,
        unnest(range(1, $header_line + 1)) as line
)

select
    kind,
    cast($file as varchar) as file,
    cast($start as bigint) as start,
    cast(line as bigint) as line,
    text
from facts
order by kind, line;

-- one row per row of a piece of ratings by which it is told whose the rows without a user id are, in the order of the file
-- Those without an id, and the rows before and after them; the first and the last one, by which pieces are joined; and of rows
-- out of order, or ids that can't be counted on from, the first. In these rows alone `clean/repaired_users` finds what
-- it would find in all: whether ids rise everywhere, and between which ones a block lies.
with rows_beside as (
    select
        line,
        user_id,
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

told as (
    select line from rows_beside where is_beside
    union
    select min(line) as line from known
    union
    select max(line) as line from known
    union
    select line from first_fault
    union
    select line_before as line from first_fault
)

select
    rating_rows.line,
    rating_rows.user_id
from rating_rows
semi join told on rating_rows.line = told.line
order by rating_rows.line;

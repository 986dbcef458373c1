-- one row per row of ratings that lacks a user id, and that must belong to a certain user: its line, and that user
-- parameters: $file
-- In a file that is sorted by user, a block between user a and user a + 2 can only be user a + 1,
-- unless that user stands elsewhere. Order and neighbours are validated on all rows, rejected ones
-- included. A row that did not parse may be anyone's: a block beside it, or with it inside, is not
-- determined, nor is any where the ids are not integers in rising order. None is guessed.
create table repaired_users as
with missing as (
    select line
    from rating_rows
    where user_id is null
),

numbered_blank_lines as (
    select
        line,
        line - row_number() over (order by line) as run
    from blank_lines
    where file = $file
),

-- Blank lines are no rows: what stands on either side of them are neighbours.
runs_of_blank_lines as (
    select
        min(line) as first_line,
        max(line) as last_line
    from numbered_blank_lines
    group by run
),

neighbours as (
    select
        missing.line,
        coalesce(runs_before.first_line, missing.line) - 1 as line_before,
        coalesce(runs_after.last_line, missing.line) + 1 as line_after
    from missing
    left join runs_of_blank_lines as runs_before on missing.line - 1 = runs_before.last_line
    left join runs_of_blank_lines as runs_after on missing.line + 1 = runs_after.first_line
),

beginnings as (
    select
        line,
        line_before,
        line_after,
        lag(line) over (order by line) is distinct from line_before as begins
    from neighbours
),

numbered as (
    select
        line,
        line_before,
        line_after,
        count_if(begins) over (order by line rows unbounded preceding) as block
    from beginnings
),

blocks as (
    select
        block,
        arg_min(line_before, line) as line_before,
        arg_max(line_after, line) as line_after
    from numbered
    group by block
),

known as (
    select
        line,
        user_id,
        integer_of(user_id) as number
    from rating_rows
    where user_id is not null
),

beside as (
    select
        line,
        number
    from known
    where line in (select blocks.line_before from blocks union all select blocks.line_after from blocks)
),

between_neighbours as (
    select
        blocks.block,
        cast(before.number + 1 as varchar) as user_id
    from blocks
    inner join beside as before on blocks.line_before = before.line
    inner join beside as after on blocks.line_after = after.line
    where after.number = before.number + 2
),

elsewhere as (
    select distinct user_id
    from known
    where user_id in (select between_neighbours.user_id from between_neighbours)
),

-- Only if there is a block; the rest of the statement keeps no order of rows by itself.
steps as (
    select
        number,
        lag(number) over (order by line) as number_before
    from known
    where exists (from between_neighbours)
),

orders as (
    select bool_and(number is not null and (number_before is null or number >= number_before)) as is_sorted
    from steps
)

select
    numbered.line,
    between_neighbours.user_id
from numbered
inner join between_neighbours on numbered.block = between_neighbours.block
anti join elsewhere on between_neighbours.user_id = elsewhere.user_id
where (select orders.is_sorted from orders)
order by numbered.line;

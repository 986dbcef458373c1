-- one row per block of rows without a user id: its lines, and the user that it must belong to, if any
-- In a file that is sorted by user, a block between user a and user a + 2 can only be user a + 1,
-- unless that user stands elsewhere. The order is judged on all rows, rejected ones included; where it
-- does not hold, or an id is no integer, no block is determined, and none is guessed.
create table missing_user_blocks as
with numbered as (
    select
        line,
        user_id,
        row_number() over (order by line) as position
    from typed_ratings
),

known as (
    select
        position,
        user_id,
        case
            when regexp_full_match(user_id, '0|[1-9]\d{0,17}') then cast(user_id as bigint)
        end as number
    from numbered
    where user_id is not null
),

steps as (
    select
        number,
        lag(number, 1, number) over (order by position) as number_before
    from known
),

sorted as (
    select coalesce(bool_and(coalesce(number >= number_before, false)), false) as is_sorted
    from steps
),

missing as (
    select
        line,
        position,
        position - row_number() over (order by position) as block
    from numbered
    where user_id is null
),

blocks as (
    select
        min(line) as first_line,
        max(line) as last_line,
        min(position) as first_position,
        max(position) as last_position
    from missing
    group by block
)

select
    blocks.first_line,
    blocks.last_line,
    case
        when
            sorted.is_sorted
            and after.number = before.number + 2
            and cast(before.number + 1 as varchar) not in (select known.user_id from known)
            then cast(before.number + 1 as varchar)
    end as user_id
from blocks
cross join sorted
left join known as before on blocks.first_position - 1 = before.position
left join known as after on blocks.last_position + 1 = after.position
order by blocks.first_line;

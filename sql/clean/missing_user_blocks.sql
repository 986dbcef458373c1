-- one row per block of rows without a user id: its lines, and the user that it must belong to, if any
-- In a file that is sorted by user, a block between user a and user a + 2 can only be user a + 1,
-- unless that user stands elsewhere. Order and neighbours are judged on all rows, rejected ones
-- included. A row that did not parse may be anyone's: a block beside it, or with it inside, is not
-- determined, nor is any where the ids are not integers in rising order. None is guessed.
create table missing_user_blocks as
with numbered as (
    select
        rating_lines.line,
        typed_ratings.user_id,
        typed_ratings.line is not null as is_parsed,
        row_number() over (order by rating_lines.line) as position
    from rating_lines
    left join typed_ratings on rating_lines.line = typed_ratings.line
),

known as (
    select
        position,
        user_id,
        case
            when regexp_full_match(user_id, '0|-?[1-9]\d{0,17}') then cast(user_id as bigint)
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
    where user_id is null and is_parsed
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

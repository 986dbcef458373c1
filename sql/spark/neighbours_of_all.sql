-- one row per row of ratings by which it is told whose those without a user id are, from all pieces
insert into rating_rows by name
select
    line,
    text as user_id
from near
order by line;

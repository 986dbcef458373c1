-- one row per user: the vector, a column for each factor
create view user_vectors as
select
    user_id,
    columns('factor_\d+')
from users_written;

-- one row per user: what the service reads
create view rendered as
select
    user_id,
    recommendations,
    because,
    history,
    segment
from users_written;

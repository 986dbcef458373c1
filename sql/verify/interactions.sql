-- one row per position in a history: what stands for the interactions, which are no longer there to be compared with
create temp view interactions as
select
    user_id,
    item_id,
    row_number() over (partition by user_id order by position) as position
from draft.histories;

-- one row per place in a history: what stands for the ratings, which are no longer there to be compared with
create temp view ratings as
select
    user_id,
    item_id
from draft.histories;

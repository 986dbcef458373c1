-- one row per input row that counts for nothing, but for those of who is left out
insert into draft.rejected_rows
select rejected_rows.*
from kept.rejected_rows
where not is_row_of((select coalesce(list(gone_users.user_id), []) from gone_users), file, rule, raw, user_id);

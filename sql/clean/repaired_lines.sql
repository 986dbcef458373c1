-- one row per row of ratings that counts after a repair: its line, and the user id that it got
create view repaired_lines as
select
    line,
    user_id
from repaired_users
anti join rejected_ratings using (line)
anti join (select all_interactions.line from all_interactions where position is null) as superseded using (line);

-- one row per known user of those asked for: list, reasons and history of the user as numbers of movies, the segment, and what else is seen
-- parameters: $user_ids
-- All columns, in the order of the table, since files of older versions lack the last one; to name those that there are takes longer.
select *
from lookups
where user_id in $user_ids;

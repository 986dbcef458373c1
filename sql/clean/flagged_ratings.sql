-- one row per rating that a later one supersedes, marked as such
update ordered_ratings
set is_superseded = true
where line in (select superseded_ratings.line from superseded_ratings);

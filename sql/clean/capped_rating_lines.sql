-- one row per capped row of ratings, added to those that break a rule and to the rejected lines
-- parameters: $file
-- What breaks a rule is in no view of valid ratings. Its item still counts as seen.
insert into rejected_ratings by name
select
    line,
    'over_max_per_user' as rule,
    user_id,
    item_id as seen_item_id
from capped_ratings;

insert into rejected_lines by name
select
    $file as file,
    line,
    'over_max_per_user' as rule,
    user_id
from capped_ratings;

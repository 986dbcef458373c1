-- one row per row of hidden that names no movie, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    case when item_id is null then 'movie_id_missing' else 'movie_id_lost_digits' end as rule
from hidden_rows
where line is not null and (item_id is null or has_lost_digits(item_id));

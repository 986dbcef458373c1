-- one row per row of movies that does not count, added to the rejected lines
-- parameters: $file
insert into rejected_lines by name
select
    $file as file,
    line,
    rule
from validated_movies
where rule is not null;

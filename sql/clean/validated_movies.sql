-- one row per row of movies that parses: its values, and the rule that rejects it, if any, and added to the rejected lines
-- parameters: $file
-- Of several rows of one movie the last counts.
create table validated_movies as
select
    line,
    item_id,
    title,
    try_cast(regexp_extract(title, '\((\d{4})(?:[-–]\d{0,4})?\)\s*$', 1) as integer) as year,
    list_filter(
        list_transform(string_split(coalesce(genres, ''), '|'), lambda genre: trimmed(genre)),
        lambda genre: genre not in ('', '(no genres listed)')
    ) as genres,
    case
        when item_id is null then 'movie_id_missing'
        when has_lost_digits(item_id) then 'movie_id_lost_digits'
        when row_number() over (partition by item_id order by line desc) > 1 then 'superseded'
    end as rule
from movie_rows
order by line;

insert into rejected_lines by name
select
    $file as file,
    line,
    rule
from validated_movies
where rule is not null;

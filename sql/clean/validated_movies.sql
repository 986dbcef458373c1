-- one row per row of movies that parses: its values, and the rule that rejects it, if any, and added to the rejected lines
-- parameters: $file
-- Of several rows of one movie the last counts. Genres are a list of JSON, or a text with separators.
create table validated_movies as
select
    movie_rows.line,
    movie_rows.item_id,
    movie_rows.title,
    coalesce(
        try_cast(regexp_extract(movie_rows.year, '^[12]\d{3}') as integer),
        try_cast(regexp_extract(movie_rows.title, '\((\d{4})(?:[-–]\d{0,4})?\)\s*$', 1) as integer)
    ) as year,
    list_filter(
        list_transform(genres_of(movie_rows.genres), lambda genre: trimmed(genre)),
        lambda genre: genre not in ('', '(no genres listed)')
    ) as genres,
    coalesce(described.attributes, '{}') as attributes,
    case
        when movie_rows.item_id is null then 'movie_id_missing'
        when has_lost_digits(movie_rows.item_id) then 'movie_id_lost_digits'
        when row_number() over (partition by movie_rows.item_id order by movie_rows.line desc) > 1 then 'superseded'
    end as rule
from movie_rows
left join attributes_of('movie_rows', getvariable('decimal_of_items')) as described on movie_rows.line = described.line
order by movie_rows.line;

insert into rejected_lines by name
select
    $file as file,
    line,
    rule
from validated_movies
where rule is not null;

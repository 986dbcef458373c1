-- one row per row of movies that parses, values as text; beside it `movie_lines`, the raw text
alter table source_rows rename to movie_rows;
alter table source_lines rename to movie_lines;

-- one row per row of ratings that parses, values as text; beside it `rating_lines`, the raw text
alter table source_rows rename to rating_rows;
alter table source_lines rename to rating_lines;
alter table rating_rows add column if not exists rating varchar;
alter table rating_rows add column if not exists "timestamp" varchar;

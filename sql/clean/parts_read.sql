-- one row per input file: its table, its name, how many lines of the table come before it, and what was read from it
-- parameters: $tables, $names, $lines_before, $contents
create table parts_read as
select
    unnest(cast($tables as varchar [])) as table_name,
    unnest(cast($names as varchar [])) as name,
    unnest(cast($lines_before as bigint [])) as lines_before,
    unnest(cast($contents as varchar [])) as content;

-- one row per line of a file that does not parse and names who is forgotten, added to the lines that are excluded
-- parameters: $file, $lines
insert into held_out_lines
select
    $file as file,
    unnest(cast($lines as bigint [])) as line,
    null as is_rating;

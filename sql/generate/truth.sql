-- one row per line of a dirty ratings.csv that does not count, or that counts after a repair
-- parameters: $path
copy (
    select
        line,
        rule,
        user_id
    from dirty_lines
    where rule is not null
    order by line
) to $path (format csv, header true);

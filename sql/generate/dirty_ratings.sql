-- one row per line of a dirty ratings.csv, with a byte order mark and line ends of Windows
-- parameters: $path
copy (
    select chr(65279) || 'timestamp,userId,rating,movieId' || chr(13) as line
    union all
    select raw || chr(13) as line
    from (from dirty_lines order by line)
) to $path (format csv, header false, delimiter ',', quote '', escape '');

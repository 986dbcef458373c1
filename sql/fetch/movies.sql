-- one row per film of a MovieLens set with lines `id::title::genre|genre`, in the order of the file
-- parameters: $source, $encoding, $target
-- A line is split at its first and its last `::`, so that a title may have some.
copy (
    with lines as (
        select line
        from read_csv(
            $source,
            columns = {'line': 'varchar'},
            auto_detect = false,
            header = false,
            delim = chr(1),
            quote = '',
            escape = '',
            comment = '',
            encoding = $encoding
        )
    ),

    films as (
        select
            case
                when regexp_full_match(line, '\d+::.*::.*')
                    then regexp_extract(line, '^(\d+)::(.*)::(.*)$', ['id', 'title', 'genres'])
                else error('no film: ' || left(line, 80))
            end as film
        from lines
    )

    select
        film.id as "movieId",
        film.title,
        coalesce(nullif(film.genres, ''), '(no genres listed)') as genres
    from films
) to $target (format csv, header true);

-- one row per movie of a MovieLens set with lines `id::title::genre|genre`, in the order of the file
-- parameters: $source, $encoding, $target
-- A line is split at its first and its last `::`, so that a title may have some.
copy (
    with items as (
        select
            case
                when regexp_full_match(line, '\d+::.*::.*')
                    then regexp_extract(line, '^(\d+)::(.*)::(.*)$', ['id', 'title', 'genres'])
                else error('no movie: ' || left(line, 80))
            end as item
        from lines_of($source, $encoding)
    )

    select
        item.id as "movieId",
        item.title,
        coalesce(nullif(item.genres, ''), '(no genres listed)') as genres
    from items
) to $target (format csv, header true);

-- one row per movie of MovieLens 100K, in the order of the file
-- parameters: $source, $target
-- A line is `id|title|date|date of the video|link`, and 19 flags: whether the genre is unknown, and 18 genres.
copy (
    with items as (
        select
            case
                when regexp_full_match(line, '\d+(\|[^|]*){4}(\|[01]){19}') then string_split(line, '|')
                else error('no movie: ' || left(line, 80))
            end as fields
        from lines_of($source, 'latin-1')
    ),

    named_genres as (
        select
            fields,
            list_filter(
                [
                    'Action', 'Adventure', 'Animation', 'Children''s', 'Comedy', 'Crime', 'Documentary', 'Drama',
                    'Fantasy', 'Film-Noir', 'Horror', 'Musical', 'Mystery', 'Romance', 'Sci-Fi', 'Thriller',
                    'War', 'Western'
                ],
                lambda genre, position: fields[6 + position] = '1'
            ) as genres
        from items
    )

    select
        fields[1] as "movieId",
        fields[2] as title,
        coalesce(nullif(array_to_string(genres, '|'), ''), '(no genres listed)') as genres
    from named_genres
) to $target (format csv, header true);

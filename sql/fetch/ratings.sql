-- one row per rating, as the file of a MovieLens set has them
-- parameters: $source, $delimiter, $target
copy (
    select
        user_id as "userId",
        movie_id as "movieId",
        rating,
        rated_at as "timestamp"
    from read_csv(
        $source,
        columns = {'user_id': 'bigint', 'movie_id': 'bigint', 'rating': 'double', 'rated_at': 'bigint'},
        auto_detect = false,
        header = false,
        delim = $delimiter,
        quote = '',
        escape = '',
        comment = ''
    )
) to $target (format csv, header true);

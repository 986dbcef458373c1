-- one row per made-up rating, written as MovieLens writes ratings.csv
-- parameters: $path
copy (
    select
        user_id as "userId",
        item_id as "movieId",
        rating,
        "timestamp"
    from made
) to $path (format csv, header true);

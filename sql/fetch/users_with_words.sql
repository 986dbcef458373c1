-- one row per user of MovieLens 100K; the age is in years
-- parameters: $source, $target
-- The postal code is left out: it says more about a person than a recommendation needs.
copy (
    select
        user_id as "userId",
        gender,
        age,
        occupation
    from read_csv(
        $source,
        columns = {
            'user_id': 'bigint', 'age': 'integer', 'gender': 'varchar', 'occupation': 'varchar', 'postal': 'varchar'
        },
        auto_detect = false,
        header = false,
        delim = '|',
        quote = '',
        escape = '',
        comment = '',
        encoding = 'latin-1'
    )
) to $target (format csv, header true);

-- one row per user of MovieLens 1M; the age is the lowest of its range, in years
-- parameters: $source, $target
-- The ranges are 18-24, 25-34, 35-44, 45-49, 50-55, and 56 or more; 1 stands for all below 18. They stay
-- numbers, so that an age is one in every set. Occupations are numbered from 0 by the README of the set.
-- The postal code is left out: it says more about a person than a recommendation needs.
copy (
    with users as (
        select *
        from read_csv(
            $source,
            columns = {
                'user_id': 'bigint', 'gender': 'varchar', 'age': 'integer', 'occupation': 'integer', 'postal': 'varchar'
            },
            auto_detect = false,
            header = false,
            delim = '::',
            quote = '',
            escape = '',
            comment = '',
            encoding = 'latin-1'
        )
    ),

    occupations as (
        select [
            'other', 'academic/educator', 'artist', 'clerical/admin', 'college/grad student', 'customer service',
            'doctor/health care', 'executive/managerial', 'farmer', 'homemaker', 'K-12 student', 'lawyer',
            'programmer', 'retired', 'sales/marketing', 'scientist', 'self-employed', 'technician/engineer',
            'tradesman/craftsman', 'unemployed', 'writer'
        ] as words
    )

    select
        users.user_id as "userId",
        users.gender,
        users.age,
        case
            when users.occupation between 0 and 20 then occupations.words[users.occupation + 1]
            else error('no occupation: ' || users.occupation)
        end as occupation
    from users
    cross join occupations
) to $target (format csv, header true);

-- one row per unit, and one without, in which times before 1990 would be recent if they are no seconds: how many they are; most first
-- A number that would be recent in two units is of the one that fewer numbers fit.
with numbers as (
    select cast(epoch(rated_at) as bigint) as number
    from rating_rows
    where rated_at < timestamp '1990-01-01'
)

select
    case
        when number = 0 then 'zero'
        when number between 1900 and 2100 then 'years'
        when number between 7_305 and 25_567 then 'days'
        when number between 32_874 and 54_789 then 'excel'
        when number between 175_320 and 613_620 then 'hours'
        when
            number between 19_000_101 and 21_001_231
            and (number // 100) % 100 between 1 and 12
            and number % 100 between 1 and 31
            then 'yyyymmdd'
        when number between 10_519_200 and 36_817_200 then 'minutes'
    end as unit,
    count(*) as rows
from numbers
group by unit
order by rows desc, unit nulls last;

-- one row: a time by a format and in a zone; fails if there is no such format or zone
-- parameters: $format, $zone

select epoch_us(timezone($zone, coalesce(try_strptime('', $format), timestamp '2000-01-01'))) as microseconds;

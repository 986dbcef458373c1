-- one row per movie without an interaction that is new: it may be in lists by what is known of it
-- It is described, not hidden, and not older than the year before that of the newest interactions. If no rated movie has a
-- year, age is not known, and every such movie is new. Without times, the newest year of a rated movie stands for the other.
-- parameters: $newest_year
update items
set is_new = true
from (
    select
        count(year) > 0 as has_years,
        coalesce(cast($newest_year as integer), max(year)) as newest_year
    from items
    where ratings > 0
) as rated
where
    items.ratings = 0
    and not items.is_hidden
    and items.item_id not in (select named_items.item_id from named_items)
    and (len(items.genres) > 0 or items.year is not null or items.attributes <> cast('{}' as json))
    and (not rated.has_years or coalesce(items.year >= rated.newest_year - 1, false));

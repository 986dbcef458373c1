-- one row if the popular list does not have exactly min(N, movies that may be shown) items
-- parameters: $top_n
with candidates as (
    select count(*) as items
    from draft.items
    where ratings > 0 and not is_hidden
),

listed as (
    select count(*) as length
    from draft.popular
)

select
    listed.length,
    least($top_n, candidates.items) as expected_length
from listed
cross join candidates
where listed.length <> least($top_n, candidates.items);

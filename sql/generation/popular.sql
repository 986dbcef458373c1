-- one row per rank
-- parameters: $top_n
-- A rating weighs half when a tenth of all ratings are newer than it: lately is counted in ratings and
-- not in days, so that it means the same in a small and in a large catalogue, and without times.
create table draft.popular (
    rank integer not null,
    item_id varchar not null,
    score double not null
);
comment on table draft.popular is 'One row per rank: the films that are watched lately; the answer for somebody without a list.';
comment on column draft.popular.rank is 'Place in the list; 1 is watched most.';
comment on column draft.popular.item_id is 'The film, as in `items`.';
comment on column draft.popular.score is 'Number of ratings of the film, each weighted by half for every tenth of all ratings that are newer.';
insert into draft.popular
with ages as (
    select
        item_id,
        percent_rank() over (order by rated_at desc nulls last, line desc) as share_newer
    from ratings
),

scores as (
    select
        ages.item_id,
        sum(0.5 ^ (ages.share_newer / 0.1) order by ages.share_newer) as score
    from ages
    inner join item_indices on ages.item_id = item_indices.item_id
    where not item_indices.is_hidden
    group by ages.item_id
),

ranked as (
    select
        row_number() over (order by score desc, item_id) as rank,
        item_id,
        score
    from scores
)

select
    rank,
    item_id,
    score
from ranked
where rank <= $top_n
order by rank;

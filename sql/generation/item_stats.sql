-- one row per movie
-- Computed from other tables of the file, which a run fills, or a command that takes users or movies out.
create table draft.item_stats (
    item_id varchar not null,
    likes bigint not null,
    stars bigint [] not null,
    first_rated_at timestamp,
    last_rated_at timestamp,
    lists bigint not null,
    top_tens bigint not null
);
comment on table draft.item_stats is 'One row per movie: who has watched it and to whom it is recommended, in numbers. The view `viewers` has the same rows: its old name, which the next version removes.';
comment on column draft.item_stats.item_id is 'The movie, as in `items`.';
comment on column draft.item_stats.likes is 'For how many users it is a positive: rated 3 or more, without stars, or with a weight above 0.';
comment on column draft.item_stats.stars is 'How many users gave it each tenth of the scale, from the lowest stars to the highest, of 0.5 to 5 each half star: ten numbers; interactions without stars are in none.';
comment on column draft.item_stats.first_rated_at is 'Time of the first rating, UTC; null if the input has no times.';
comment on column draft.item_stats.last_rated_at is 'Time of the last rating, UTC; null if the input has no times.';
comment on column draft.item_stats.lists is 'In how many lists of users it stands.';
comment on column draft.item_stats.top_tens is 'In how many of them it is among the first ten.';
insert into draft.item_stats
with watched as (
    select
        item_id,
        count_if(weight > 0) as likes,
        [
            count_if(tenth_of_scale(rating) = 1),
            count_if(tenth_of_scale(rating) = 2),
            count_if(tenth_of_scale(rating) = 3),
            count_if(tenth_of_scale(rating) = 4),
            count_if(tenth_of_scale(rating) = 5),
            count_if(tenth_of_scale(rating) = 6),
            count_if(tenth_of_scale(rating) = 7),
            count_if(tenth_of_scale(rating) = 8),
            count_if(tenth_of_scale(rating) = 9),
            count_if(tenth_of_scale(rating) = 10)
        ] as stars,
        min(rated_at) as first_rated_at,
        max(rated_at) as last_rated_at
    from draft.histories
    group by item_id
),

listed as (
    select
        item_id,
        count(*) as lists,
        count_if(rank <= 10) as top_tens
    from draft.recommendations
    group by item_id
)

select
    items.item_id,
    coalesce(watched.likes, 0) as likes,
    coalesce(watched.stars, list_resize([]::bigint [], 10, 0)) as stars,
    watched.first_rated_at,
    watched.last_rated_at,
    coalesce(listed.lists, 0) as lists,
    coalesce(listed.top_tens, 0) as top_tens
from draft.items
left join watched on items.item_id = watched.item_id
left join listed on items.item_id = listed.item_id
order by items.item_id;
create or replace view draft.viewers as
select * from draft.item_stats;
comment on view draft.viewers is 'Old name of `item_stats`; the next version removes it.';

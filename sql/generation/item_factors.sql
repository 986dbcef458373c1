-- one row per film with a rating
create table draft.item_factors (
    item_id varchar not null,
    factors float [] not null
);
comment on table draft.item_factors is 'One row per film that somebody has rated: its embedding.';
comment on column draft.item_factors.item_id is 'The film, as in `items`.';
comment on column draft.item_factors.factors is 'The vector; its inner product with the factors of a user is the score.';
insert into draft.item_factors
with vectors as (
    select
        row_index,
        list(value order by position) as factors
    from item_values
    group by row_index
)

select
    item_indices.item_id,
    vectors.factors
from vectors
inner join item_indices on vectors.row_index = item_indices.item_index
order by item_indices.item_id;

-- one row per movie with a rating, and per new one
create table draft.item_factors (
    item_id varchar not null,
    factors float [] not null,
    users integer not null
);
comment on table draft.item_factors is 'One row per movie that somebody has rated, and per new movie, which has no rating yet: its embedding. That of a new movie is foreseen by what is known of it.';
comment on column draft.item_factors.item_id is 'The movie, as in `items`.';
comment on column draft.item_factors.factors is 'The vector; its inner product with the factors of a user is the score.';
comment on column draft.item_factors.users is 'How many users had rated the movie when the run learned the vector; those forgotten since are still counted.';
insert into draft.item_factors
select
    item_id,
    [*columns(* exclude (item_id, users))] as factors,
    users
from item_vectors;

-- one row per user
create table draft.user_factors (
    user_id varchar not null,
    factors float [] not null
);
comment on table draft.user_factors is 'One row per user: the embedding from which the list of the user was made.';
comment on column draft.user_factors.user_id is 'The user, as in `users`.';
comment on column draft.user_factors.factors is 'The vector; its inner product with the factors of a movie is the score.';
insert into draft.user_factors
select
    user_id,
    [*columns(* exclude (user_id))] as factors
from user_vectors;

-- one row per iteration
create table draft.training (
    iteration integer not null,
    loss double not null
);
comment on table draft.training is 'One row per iteration of training.';
comment on column draft.training.iteration is 'Number of the iteration, from 1.';
comment on column draft.training.loss is 'Weighted squared error with regularisation over all pairs, divided by the sum of weights, after the iteration.';
insert into draft.training
select
    iteration,
    loss
from losses
order by iteration;

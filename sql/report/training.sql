-- one row per iteration of training: the loss after it
select
    iteration,
    loss
from training
order by iteration;

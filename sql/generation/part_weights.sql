-- one row per part of the model
create table draft.part_weights (
    part varchar not null,
    everybody double not null,
    away double not null,
    known double not null
);
comment on table draft.part_weights is 'By what the weight of each part of the model is multiplied, as learned from people who came back: 1.25 ^ tanh((everybody + away * a + known * k) / ln(1.25)), with a and k between -1 and 1: a = log10((days away + 1) / 31), k = log10((positives + 1) / 65).';
comment on column draft.part_weights.part is 'Part of the model, as in generation.parts.';
comment on column draft.part_weights.everybody is 'Effect on everybody; all effects are from -1 to 1, and 0 if nothing was learned.';
comment on column draft.part_weights.away is 'Effect of having been away ten times as long.';
comment on column draft.part_weights.known is 'Effect of ten times as many positives.';
insert into draft.part_weights
select
    part,
    everybody,
    away,
    known
from part_effects;

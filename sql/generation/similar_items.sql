-- one row per film and rank
create table draft.similar_items (
    item_id varchar not null,
    rank integer not null,
    similar_item_id varchar not null,
    score float not null
);
comment on table draft.similar_items is 'One row per film and rank: the films that the same people like, most alike first. A film whose taste nobody knows has no rows.';
comment on column draft.similar_items.item_id is 'The film, as in `items`.';
comment on column draft.similar_items.rank is 'Place in the list of the film; 1 is most alike.';
comment on column draft.similar_items.similar_item_id is 'The film that is like it, as in `items`; never hidden, never the film itself.';
comment on column draft.similar_items.score is 'Cosine of the taste parts of the factors of both films; 1 is the same taste.';
insert into draft.similar_items
select
    item_id,
    rank,
    similar_item_id,
    score
from similar_lists;

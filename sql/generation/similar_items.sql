-- one row per movie and rank
create table draft.similar_items (
    item_id varchar not null,
    rank integer not null,
    similar_item_id varchar not null,
    score float not null,
    weight smallint not null
);
comment on table draft.similar_items is 'One row per movie and rank: the movies that the same people like, most alike first. A movie without collaborative factors has no rows; a new movie has some, and is in none.';
comment on column draft.similar_items.item_id is 'The movie, as in `items`.';
comment on column draft.similar_items.rank is 'Place in the list of the movie; 1 is most alike.';
comment on column draft.similar_items.similar_item_id is 'The movie that is like it, as in `items`; never hidden, never the movie itself.';
comment on column draft.similar_items.score is 'Cosine of the vectors of both movies, the collaborative factors with a small part of genres, times the square root of n / (n + 20) for each of them, where n is `item_factors.users`: lower if few know either.';
comment on column draft.similar_items.weight is 'What somebody who likes the movie says by that for the other one, as the model weighs it; `liked=` adds up these weights. 100 is the root mean square, over all pairs of movies, of each of three parts: the score, the sequential part, and the personal trend.';
insert into draft.similar_items
select
    item_id,
    rank,
    similar_item_id,
    score,
    weight
from similar_lists;

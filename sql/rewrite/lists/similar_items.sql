-- one row per movie and rank: lists of similar movies, all made anew
insert into draft.similar_items by name
select
    item_id,
    rank,
    similar_item_id,
    score
from refilled_similar;

-- one row per movie that has similar ones; as they are stored, since sorting takes memory
select item_id
from similar_lookups;

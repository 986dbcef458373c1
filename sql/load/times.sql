-- one row per text of a list, in its order: the time that it is; null for none; `load/macros` comes before
-- parameters: $texts

select time_of(text) as time
from (select unnest(cast($texts as varchar [])) as text);

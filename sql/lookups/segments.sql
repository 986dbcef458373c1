-- one row per segment, the narrowest first: its name, which is what its users have in common as a query string, and its list as numbers of movies
select
    segments.segment,
    coalesce(string_agg(items.number, ',' order by popular_by_segment.rank), '') as films
from segments
left join popular_by_segment on segments.segment = popular_by_segment.segment
left join items on popular_by_segment.item_id = items.item_id
group by segments.segment
order by min(segments.place);

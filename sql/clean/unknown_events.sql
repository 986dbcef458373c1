-- one row per kind of event that the spec does not name: how many rows have it
select
    event,
    count(*) as rows
from rating_rows
where event is not null and not list_contains(cast(getvariable('event_names') as varchar []), event)
group by event
order by rows desc, event;

-- one row per kind of event that the spec does not name: how many rows have it
select
    rule as event,
    cast(sum(rows) as bigint) as rows
from validated
where kind = 'unknown_event'
group by rule
order by rows desc, event;

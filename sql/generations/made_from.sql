-- one row: by what this generation was made, from what input, with which settings and versions
select
    made_by,
    fingerprint,
    settings,
    versions
from generation;

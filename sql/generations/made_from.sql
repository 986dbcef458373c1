-- one row: by what this generation was made, from what input, with which settings, versions and exclusions
select
    made_by,
    fingerprint,
    settings,
    versions,
    exclusions
from generation;

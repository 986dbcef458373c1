-- one row: what the quality gate knows of this generation beside its metrics: users, and regressions that were accepted
select
    users,
    len(overridden) as accepted_regressions
from generation;

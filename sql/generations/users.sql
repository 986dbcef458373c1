-- one row: how many users this generation has lists for, and how many regressions were accepted when it was published
select
    users,
    len(overridden) as accepted_regressions
from generation;

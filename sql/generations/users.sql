-- one row: how many users this generation has lists for
select users
from generation;

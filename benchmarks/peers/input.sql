-- one row: how many ratings, users and movies there are
select
    count(*) as ratings,
    count(distinct "userId") as users,
    count(distinct "movieId") as films
from ratings;

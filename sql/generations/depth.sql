-- one row: how deep the lists of this generation are, how many values of a movie's vector are its taste, how deep lists of similar movies are
select
    top_n,
    cast(settings['factors'] as integer) as factors,
    cast(settings['similar_n'] as integer) as similar_n
from generation;

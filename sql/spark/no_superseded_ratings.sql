-- no row: which rating a later one supersedes is told when all ratings of a user are in one place
create table superseded_ratings (line bigint);

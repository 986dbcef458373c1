-- Whose lists are all popular?
-- one row per user, a hundred of them, the most popular lists first: which share of the first ten films is among the popular ones
-- The popular films are as many as the depth of a list, less those that the user has watched.
with first_films as (
    select
        recommendations.user_id,
        count(*) as films,
        count(popular.item_id) as popular_films
    from recommendations
    left join popular on recommendations.item_id = popular.item_id
    where recommendations.rank <= 10
    group by recommendations.user_id
)

select
    first_films.user_id,
    users.ratings,
    first_films.films,
    first_films.popular_films,
    round(first_films.popular_films / first_films.films, 3) as share
from first_films
inner join users on first_films.user_id = users.user_id
order by share desc, users.ratings, first_films.user_id
limit 100;

-- Which users get Toy Story, or another movie?
-- one row per user, a hundred of them: whose list has a movie with those words in its title, the highest first
-- parameters: $title
-- Without a title it is Toy Story (1995).
select
    recommendations.user_id,
    recommendations.rank,
    items.title,
    recommendations.score,
    reasons.title as because
from recommendations
inner join items on recommendations.item_id = items.item_id
left join items as reasons on recommendations.because_item_id = reasons.item_id
where contains(lower(items.title), lower(coalesce($title, 'Toy Story (1995)')))
order by recommendations.rank, recommendations.user_id, recommendations.item_id
limit 100;

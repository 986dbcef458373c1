-- one row per position: what a user has watched, newest first, with what is known of the movies
create macro watched(for_user) as table
select
    histories.position,
    histories.item_id,
    items.title,
    items.year,
    items.genres,
    histories.rating,
    histories.rated_at
from histories
inner join items on histories.item_id = items.item_id
where histories.user_id = id_of(cast(for_user as varchar))
order by histories.position;
comment on macro table watched is 'One row per position: what a user has watched, newest first, with titles; none for an unknown user.';

-- one row per rejected row, rating, segment and generation, without the forgotten user
-- The rating of a rejected row is not known, and stays counted; so does a row that was merged into another one.
-- parameters: $id, $made_by, $removed
insert into draft.rejected_rows
select rejected_rows.*
from kept.rejected_rows
where not is_of_forgotten_user(file, rule, raw, user_id)
order by file, line;

insert into draft.rating_counts
with removed as (
    select
        rating,
        count(*) as rows
    from kept.histories
    where user_id = getvariable('change').user_id
    group by rating
)

select rating_counts.* replace (rating_counts.rows - coalesce(removed.rows, 0) as rows)
from kept.rating_counts
left join removed on rating_counts.rating is not distinct from removed.rating
where rating_counts.rows > coalesce(removed.rows, 0)
order by rating_counts.stage desc, rating_counts.rating;

insert into draft.segments
select segments.* replace (case when users.user_id is null then segments.users else segments.users - 1 end as users)
from kept.segments
left join kept.users
    on users.user_id = getvariable('change').user_id
    and (segments.gender is null or segments.gender = users.gender)
    and (segments.age_group is null or segments.age_group = users.age_group)
    and (segments.occupation is null or segments.occupation = users.occupation)
order by segments.place;

insert into draft.generation
with left_over as (
    select
        (select count(*) from draft.histories) as kept,
        (select count(*) from draft.repaired_rows) as repaired,
        count(*) filter (where rule <> 'superseded') as rejected,
        count(*) filter (where rule = 'superseded') as superseded
    from draft.rejected_rows
    where starts_with(lower(file), 'ratings.')
),

gone as (
    select
        generation.rows_kept + generation.rows_rejected + generation.rows_superseded
        - left_over.kept - left_over.rejected - left_over.superseded as rows
    from kept.generation
    cross join left_over
)

select
    generation.* replace (
        $id as id,
        $made_by as made_by,
        generation.id as made_from,
        map_concat(generation.rows, map {'removed': coalesce(generation.rows['removed'], 0) + $removed}) as rows,
        generation.rows_read - gone.rows as rows_read,
        left_over.kept as rows_kept,
        left_over.repaired as rows_repaired,
        left_over.rejected as rows_rejected,
        left_over.superseded as rows_superseded,
        generation.rows_held_out + gone.rows as rows_held_out,
        (select count(*) from draft.users) as users,
        (select count(*) from draft.items where ratings > 0) as items
    )
from kept.generation
cross join left_over
cross join gone;

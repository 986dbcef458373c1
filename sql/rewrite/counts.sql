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
with forgotten as (
    -- Files of before have no column `attributes`, neither of users nor of segments.
    select
        to_json(users) as columns_of_user,
        coalesce(cast(to_json(users) -> '$.attributes' as map(varchar, varchar)), map {}) as attributes
    from kept.users
    where user_id = getvariable('change').user_id
),

known as (
    select
        map_concat(
            attributes,
            map {
                'gender': coalesce(columns_of_user ->> '$.gender', attributes['gender']),
                'age_group': coalesce(columns_of_user ->> '$.age_group', attributes['age_group'], attributes['age']),
                'occupation': coalesce(columns_of_user ->> '$.occupation', attributes['occupation'])
            }
        ) as attributes
    from forgotten
),

parts as (
    select
        segment,
        unnest(string_split(segment, '&')) as part
    from kept.segments
),

of_forgotten as (
    select parts.segment
    from parts
    cross join known
    group by parts.segment
    having bool_and(
        known.attributes[url_decode(split_part(parts.part, '=', 1))]
        is not distinct from url_decode(split_part(parts.part, '=', 2))
    )
)

select
    segments.* replace (
        case when of_forgotten.segment is null then segments.users else segments.users - 1 end as users
    )
from kept.segments
left join of_forgotten on segments.segment = of_forgotten.segment
order by segments.place;

insert into draft.generation
with left_over as (
    select
        (select count(*) from draft.histories) as kept,
        (select count(*) from draft.repaired_rows where rule = 'user_id_between_neighbours') as repaired,
        count(*) filter (where rule not in ('superseded', 'over_max_per_user')) as rejected,
        count(*) filter (where rule = 'superseded') as superseded
    from draft.rejected_rows
    where file in (select files_of_kept.file from files_of_kept where files_of_kept.content = 'interactions')
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

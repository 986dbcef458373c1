-- one row: what the file is, from which it was made, and what is left of its rows
-- parameters: $id, $made_by
insert into draft.generation
with rejected_before as (
    select
        count(*) filter (where rule <> 'superseded') as rejected,
        count(*) filter (where rule = 'superseded') as superseded
    from kept.rejected_rows
    where starts_with(lower(file), 'ratings.')
),

rejected_after as (
    select
        count(*) filter (where rule <> 'superseded') as rejected,
        count(*) filter (where rule = 'superseded') as superseded
    from draft.rejected_rows
    where starts_with(lower(file), 'ratings.')
),

gone as (
    select
        (select count(*) from kept.histories) - (select count(*) from draft.histories) as kept,
        (select count(*) from kept.repaired_rows) - (select count(*) from draft.repaired_rows) as repaired,
        rejected_before.rejected - rejected_after.rejected as rejected,
        rejected_before.superseded - rejected_after.superseded as superseded
    from rejected_before
    cross join rejected_after
)

select
    generation.* replace (
        $id as id,
        $made_by as made_by,
        generation.id as made_from,
        generation.rows_read - gone.kept - gone.rejected - gone.superseded as rows_read,
        generation.rows_kept - gone.kept as rows_kept,
        generation.rows_repaired - gone.repaired as rows_repaired,
        generation.rows_rejected - gone.rejected as rows_rejected,
        generation.rows_superseded - gone.superseded as rows_superseded,
        generation.rows_held_out + gone.kept + gone.rejected + gone.superseded as rows_held_out,
        (select count(*) from draft.users) as users,
        (select count(*) from draft.items where ratings > 0) as items
    )
from kept.generation
cross join gone;

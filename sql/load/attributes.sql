-- one row per row of a table that has attributes: its line, and they as an object of JSON

-- A number is one if every value of the attribute is; so are `true` and `false`, and lists.
create macro attributes_of(rows, decimal) as table
with entries as (
    select
        line,
        unnest(map_entries(attributes), recursive := true)
    from query_table(rows)
),

given as (
    select
        line,
        key,
        case
            when decimal = ',' and regexp_full_match(trimmed(value), '-?\d+,\d+') then replace(trimmed(value), ',', '.')
            else trimmed(value)
        end as value
    from entries
    where not is_missing(value)
),

kinds as (
    select
        key,
        bool_and(
            regexp_full_match(value, '-?(0|[1-9]\d{0,14})(\.\d+)?') or value in ('true', 'false')
            or (value[1] in ('[', '{') and json_valid(value))
        ) as is_json
    from given
    group by key
)

select
    given.line,
    json_group_object(
        given.key, case when kinds.is_json then cast(given.value as json) else to_json(given.value) end
    ) as attributes
from given
inner join kinds on given.key = kinds.key
group by given.line;

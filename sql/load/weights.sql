-- what one value of a row, or its event, weighs as a yes, as variables say

-- From 1, the lowest stars, to 10, the highest; of 0.5 to 5, each half star has a number.
create or replace macro tenth_of_scale(stars) as
    case
        when getvariable('lowest') is not null
            then 1 + cast(
                ceil(
                    round(
                        (stars - cast(getvariable('lowest') as double))
                        / (cast(getvariable('highest') as double) - cast(getvariable('lowest') as double)) * 9,
                        6
                    )
                ) as integer
            )
    end;

create macro is_unrated(value) as coalesce(list_contains(cast(getvariable('unrated') as double []), value), false);

-- Stars lie on the scale, weights are not negative, nor so large that sums of them leave the numbers of models; beside
-- events, a value may be missing.
create macro is_valid_value(value) as
    case
        when value is null or is_unrated(value) then true
        when getvariable('value_kind') = 'stars'
            then value between cast(getvariable('lowest') as double) and cast(getvariable('highest') as double)
        else value between 0 and 1e15
    end;

-- Null for an event that is ignored, -1 for a negative one.
create macro weight_of_event(event) as
    cast(getvariable('event_weights') as double [])[list_position(cast(getvariable('event_names') as varchar []), event)];

create macro weight_of_value(value) as
    case
        when value is null or getvariable('value_kind') is null then 1.0::double
        when is_unrated(value) then 0.0::double
        when getvariable('value_kind') = 'stars' then cast(value >= cast(getvariable('min_positive') as double) as double)
        else value
    end;

create macro weight_of(value, event) as
    case
        when not getvariable('has_events') then weight_of_value(value)
        when weight_of_event(event) < 0 then -1.0::double
        else weight_of_event(event) * weight_of_value(value)
    end;

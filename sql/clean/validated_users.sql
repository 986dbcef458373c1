-- one row per row of users that parses: what is known of the user, and the rule that rejects it, if any, and added to the rejected lines
-- parameters: $file
-- Of several rows of one user the last counts. An age becomes the group of MovieLens 1M in which it lies; the lowest age of
-- a group, which that set has in the place of ages, lies in it. What is no age costs the age alone: such a row is repaired.
create table validated_users as
with ages as (
    select
        user_rows.line,
        user_rows.user_id,
        user_rows.gender,
        case when number_of(user_rows.age) between 0 and 150 then number_of(user_rows.age) end as age,
        user_rows.age is not null and not coalesce(number_of(user_rows.age) between 0 and 150, false) as is_no_age,
        user_rows.occupation,
        -- These three are columns of their own.
        json_merge_patch(
            coalesce(described.attributes, cast('{}' as json)),
            cast('{"gender": null, "age": null, "occupation": null}' as json)
        ) as attributes
    from user_rows
    left join attributes_of('user_rows', getvariable('decimal_of_users')) as described on user_rows.line = described.line
)

select
    line,
    user_id,
    gender,
    case
        when age < 18 then 'under-18'
        when age < 25 then '18-24'
        when age < 35 then '25-34'
        when age < 45 then '35-44'
        when age < 50 then '45-49'
        when age < 56 then '50-55'
        when age is not null then 'over-55'
    end as age_group,
    occupation,
    attributes,
    is_no_age,
    case
        when user_id is null then 'user_id_missing'
        when has_lost_digits(user_id) then 'user_id_lost_digits'
        when row_number() over (partition by user_id order by line desc) > 1 then 'superseded'
    end as rule
from ages
order by line;

insert into rejected_lines by name
select
    $file as file,
    line,
    rule,
    user_id
from validated_users
where rule is not null;

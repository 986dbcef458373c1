-- one row per row of users that counts but for an age that is none, with its raw text, added to the repaired rows
-- parameters: $file
insert into repaired_rows
select
    $file as file,
    validated_users.line,
    'age_out_of_range' as rule,
    raw_lines.raw,
    validated_users.user_id
from raw_lines
inner join validated_users on raw_lines.line = validated_users.line
where validated_users.is_no_age and validated_users.rule is null;

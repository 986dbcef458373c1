-- what one value of the rejected rows says: whether the row is of the user that is forgotten
-- `change` names that user and the movie that is hidden; null for none.
-- parameters: $user_id, $item_id

-- A line that does not parse belongs to the user whose id is in it. One that parses and has no user id belongs to no user.
create macro is_of_forgotten_user(file, rule, raw, user_id) as
    coalesce(
        case
            when user_id is not null then user_id = getvariable('change').user_id
            when
                file in (select known.file from files_of_kept as known where known.content in ('interactions', 'users'))
                and rule in ('missing_columns', 'too_many_columns', 'not_parsed', 'misplaced_quote', 'not_text', 'too_long')
                then list_contains(fields_of(raw), getvariable('change').user_id)
        end,
        false
    );

set variable change = {'user_id': cast($user_id as varchar), 'item_id': cast($item_id as varchar)};

-- what one value of the rejected rows says: whether the row is of one of some users, by its user or by what stands in it

-- A line that does not parse may be anybody's whose id stands in it. One that parses and has no user is nobody's.
create macro is_row_of(user_ids, file, rule, raw, user_id) as
    coalesce(
        case
            when user_id is not null then list_contains(user_ids, user_id)
            when
                split_part(lower(file), '.', 1) in ('ratings', 'users')
                and rule in ('missing_columns', 'too_many_columns', 'not_parsed', 'misplaced_quote', 'not_text', 'too_long')
                then list_has_any(fields_of(raw), user_ids)
        end,
        false
    );

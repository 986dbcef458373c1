"""Queries: problems that a query in `input.toml` settles, each with that query."""

from batch.data.inspection.column_roles import find
from batch.data.inspection.interaction_roles import Roles
from batch.data.inspection.spec_toml import assignment
from batch.data.inspection.sql_of_table import name_in_query, origin_of
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import numbers_of

# A run stops if more rows are rejected, by default.
MAX_MISSING = 0.1
# So few numbers below 0 are odd ones; more are returns.
MAX_BELOW = 0.01


def _lines(table: Table, roles: Roles, query: list[str], more: list[str]) -> str:
    lines = ["[interactions]", 'query = """', *query, '"""']
    lines += [assignment("user", name_in_query(table, roles.user))]
    lines += [assignment("item", name_in_query(table, roles.item)), *more]
    if roles.time is not None and roles.found_time.keys:
        column = assignment("column", name_in_query(table, roles.time))
        lines += ["[time]", column, assignment("format", roles.found_time.keys["format"])]
    return "\n".join(f"  {line}" for line in lines)


def problem_of_rows(table: Table, roles: Roles) -> str:
    """Return which rows have no user, no item or a return, and what settles that; "" if few have."""
    rows = max(len(table.sniffed.rows), 1)
    reasons, conditions = [], []
    if table.old_name:
        return ""  # those are counted by the run, which --max-rejected may allow
    for role, place in (("user", roles.user), ("item", roles.item)):
        missing = sum(1 for value in table.sniffed.values(place) if not value) / rows
        if missing > MAX_MISSING:
            reasons.append(f"{missing:.1%} of the rows have no {role} ({table.called(place)})")
            conditions.append(f'"{name_in_query(table, place)}" is not null')
    value, is_weight = roles.value, roles.found_value.keys.get("kind") == "weight"
    numbers = numbers_of(table.sniffed.values(value)) if value is not None and is_weight else []
    below = sum(1 for number in numbers if number <= 0) / rows
    if below > MAX_BELOW and value is not None:
        reasons.append(f"{below:.1%} have 0 or less, as a return has ({table.called(value)})")
        conditions.append(f'try_cast("{name_in_query(table, value)}" as double) > 0')
    if not conditions:
        return ""
    more = []
    if value is not None and roles.found_value.keys:
        name = name_in_query(table, value)
        more = ["[value]", assignment("column", name)]
        more += [assignment(key, each) for key, each in roles.found_value.keys.items()]
    if roles.event is not None:
        more = ["[event]", assignment("column", name_in_query(table, roles.event)), "[event.kinds]"]
        more += [assignment(kind, "?" if each is None else each) for kind, each in roles.kinds.items()]
    choices = [_lines(table, roles, [f"from {origin_of(table)}", f"where {' and '.join(conditions)}"], more)]
    if below > MAX_BELOW and value is not None:
        choices.append(_with_returns(table, roles, conditions[:-1]))
    if beside := _complete_column(table, roles):
        choices.append(beside)
    text = "\n  or\n".join(choices)
    return (
        f"{table.name}: {', and '.join(reasons)}: too many to be odd ones; put into input.toml one of\n{text}"
    )


def _with_returns(table: Table, roles: Roles, conditions: list[str]) -> str:
    """Return lines by which a number below 0 takes a purchase back."""
    assert roles.value is not None
    number = f'try_cast("{name_in_query(table, roles.value)}" as double)'
    query = [f"select *, if({number} > 0, 'purchase', 'return') as kind", f"from {origin_of(table)}"]
    query += [f"where {' and '.join(conditions)}"] if conditions else []
    kinds = ["[event]", 'column = "kind"', "[event.kinds]", "purchase = 5", 'return = "negative"']
    return _lines(table, roles, query, kinds)


def _complete_column(table: Table, roles: Roles) -> str:
    """Return the line that takes titles for items, if these are complete and the ids of items are not."""
    if roles.title is None or None not in table.sniffed.values(roles.item):
        return ""
    if None in table.sniffed.values(roles.title):
        return ""
    lines = ["[interactions]", *(assignment(key, each) for key, each in table.written().items())]
    lines += [assignment("user", table.sniffed.reference(roles.user))]
    lines += [assignment("item", table.sniffed.reference(roles.title)) + "  # which is complete"]
    return "\n".join(f"  {line}" for line in lines)


def problem_of_join(tables: list[Table]) -> str:
    """Return which two tables have users and items that a common column joins; "" if none have."""
    for one in tables:
        user = find("user", one.labels) if find("item", one.labels) is None else None
        for other in tables if user is not None and one.sniffed.header else ():
            item = find("item", other.labels)
            common = [name for name in one.labels if name in other.labels and name]
            if (
                item is None
                or find("user", other.labels) is not None
                or not other.sniffed.header
                or len(common) != 1
                or one is other
            ):
                continue
            lines = ["[interactions]", 'query = """', f"from {origin_of(other)} as one"]
            lines += [f'join {origin_of(one)} as other using ("{common[0]}")', '"""']
            lines += [assignment("user", one.labels[user or 0]), assignment("item", other.labels[item])]
            return (
                f"{one.name} has users, {other.name} has items, and {common[0]} joins them; "
                "put a query into input.toml\n"
            ) + "\n".join(f"  {line}" for line in lines)
    return ""

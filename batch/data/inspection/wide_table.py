"""Wide table: a file with a column for each item, and the query that makes interactions of it."""

from collections import Counter

from batch.data.inspection.column_roles import find
from batch.data.inspection.positional_roles import is_number
from batch.data.inspection.spec_toml import UNKNOWN, assignment
from batch.data.inspection.sql_of_table import name_in_query, origin_of
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import numbers_of, share_of_numbers, stars_or_weight

# A table with so many columns of numbers may have one for each item.
MIN_WIDE = 10


def is_wide(table: Table) -> bool:
    """Return whether nearly all columns have numbers of a scale, and none has items."""
    filled = [place for place in range(len(table.labels)) if any(table.sniffed.values(place))]
    if len(filled) < MIN_WIDE or (table.is_named and find("item", table.labels) is not None):
        return False
    return len(_of_items(table)) >= 0.8 * len(filled)


def _of_items(table: Table) -> list[int]:
    """Return the places of the columns with numbers of a scale."""
    columns = [(place, table.sniffed.values(place)[1:]) for place in range(len(table.labels))]
    return [
        place
        for place, values in columns
        if share_of_numbers(values) > 0.9 and is_number(table, place)  # noqa: PLR2004
    ]


def problem_of_wide(table: Table) -> str:
    """Return that a table is wide, with the lines for `input.toml`."""
    sniffed, items = table.sniffed, _of_items(table)
    others = [place for place in range(len(table.labels)) if place not in items]
    names = [name_in_query(table, place) for place in others]
    # A column with a value of its own in each row is the user; a count, for one, has none.
    own = [
        name
        for place, name in zip(others, names, strict=True)
        if len(table.ids(place)) == len(sniffed.rows) and not is_number(table, place)
    ]
    user = own[0] if own else "row"
    numbered = "*" if own else 'row_number() over () as "row", *'
    without = ", ".join(f'"{name}"' for name in dict.fromkeys([user, *names]))
    numbers = Counter(number for place in items for number in numbers_of(sniffed.values(place)))
    found = stars_or_weight([f"{number:g}" for number in numbers.elements()], role="stars")
    keys = {"column": "value", **(found.keys or {"kind": UNKNOWN})}
    lines = [
        "[interactions]",
        'query = """',
        "from (",
        f"  unpivot (select {numbered}",
        f"    from {origin_of(table)})",
        f"  on columns(* exclude ({without})) into name item_id value value",
        ')"""',
        assignment("user", user),
        'item = "item_id"',
        "[value]",
        *(assignment(key, value) for key, value in keys.items()),
    ]
    return (
        f"{table.name}: is a wide table: {len(items)} of its {len(table.labels)} columns have ratings, one "
        "for each item; put a query into input.toml that makes a row of each value\n"
    ) + "\n".join(f"  {line}" for line in lines)

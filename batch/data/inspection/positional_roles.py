"""Positional roles: which columns are user and item in a file without names, and what speaks against it."""

import re
from collections import defaultdict

from batch.data.inspection.column_roles import weight_of_kind
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import (
    MANY_NUMBERS,
    MIN_NUMBERS,
    numbers_of,
    time_format,
)

# Numbers of a scale are no more and no larger than these, in a file without names.
MAX_SCALE = 11
# A column of ids has more different ones, in a file with many rows.
MIN_IDS = 5
# A column of event kinds has no more different ones.
MAX_KINDS = 50
# Nearly all values of a column look like something.
_NEARLY_ALL = 0.95
_USER_LIKE = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+|A(?=\d|[A-Z]+\d)[0-9A-Z]{9,}|(u|usr|user|cust|customer|member|visitor|client)[-_:]?\d+",
    re.IGNORECASE,
)
_ITEM_LIKE = re.compile(
    r"B0[0-9A-Z]{8}|\d{9}X|(97[89]\d{10})|https?://.*|/.*|\S+ \S.*"
    r"|(i|p|item|prod|product|sku|movie|film|book|song|track|artist|album|game|tt)[-_:]?\d+",
    re.IGNORECASE,
)


def by_position(table: Table) -> tuple[int, int, str] | None:
    """Return the first two columns that are no times, kinds or numbers of a scale, for user and item.

    Beside them, why they may be something else; "" if nothing says so. None if there are no two.
    """
    filled = [place for place in range(len(table.labels)) if any(table.sniffed.values(place))]
    left = [place for place in filled if not (_has_kinds(table, place) or is_clock(table, place))]
    ids = [place for place in left if not (is_number(table, place) or _is_remark(table, place))]
    # A few users or items look like numbers of a scale, beside which there is then a third column.
    chosen = ids if len(ids) > 1 else left if len(left) > 2 else []  # noqa: PLR2004
    if len(chosen) < 2:  # noqa: PLR2004 (user and item)
        return None
    user, item = chosen[:2]
    rows = table.sniffed.rows
    if len(rows) > MIN_NUMBERS and len(table.ids(user)) >= 0.98 * len(rows):
        return None
    return user, item, _against(table, user, item, [place for place in left if place < item])


def _against(table: Table, user: int, item: int, before: list[int]) -> str:
    """Return what speaks against two columns being user and item; "" if nothing does."""
    if _are(_ITEM_LIKE, table, user) and not _are(_USER_LIKE, table, user):
        return f"{table.called(user)} has values such as {_example(table, user)}, as items have"
    if _are(_USER_LIKE, table, item):
        return f"{table.called(item)} has values such as {_example(table, item)}, as users have"
    if skipped := [
        place for place in before if place != user and table.sniffed.values(place).count(None) == 0
    ]:
        return f"{table.called(skipped[0])}, before these, may be one of them"
    number = len(table.sniffed.rows)
    if number >= MANY_NUMBERS and len(table.ids(item)) > 0.8 * number > 2.4 * len(table.ids(user)):
        return f"{table.called(item)} has hardly a value twice, as users have rather than items"
    for one, other in ((user, item), (item, user)):
        if tells(table, one, other):
            return f"each value of {table.called(one)} has one of {table.called(other)} only"
    return ""


def _example(table: Table, place: int) -> str:
    return next((value for value in table.sniffed.values(place) if value), "")[:40]


def _are(pattern: re.Pattern[str], table: Table, place: int) -> bool:
    ids = table.ids(place)
    return sum(1 for each in ids if pattern.fullmatch(each)) > _NEARLY_ALL * len(ids) > 0


def tells(table: Table, one: int, other: int) -> bool:
    """Return whether a value of one column says that of another, as an order says who ordered."""
    values = defaultdict(list)
    for row in table.sniffed.rows:
        values[row[one]].append(row[other])
    several = [each for each in values.values() if len(each) > 1]
    alike = sum(1 for each in several if len(set(each)) == 1)
    return len(several) >= MIN_NUMBERS and alike > _NEARLY_ALL * len(several)


def _has_kinds(table: Table, place: int) -> bool:
    values = {value for value in table.sniffed.values(place) if value is not None}
    return len(values) <= MAX_KINDS and any(weight_of_kind(value) is not None for value in values)


def is_number(table: Table, place: int) -> bool:
    """Return whether a column has fractions, or the few numbers of a scale, rather than ids."""
    numbers = set(numbers_of(table.sniffed.values(place)))
    if any(number % 1 for number in numbers):
        return True
    is_large = len(table.sniffed.rows) >= MIN_NUMBERS and bool(numbers)
    return is_large and len(numbers) <= MAX_SCALE and max(numbers) <= MAX_SCALE


def _is_remark(table: Table, place: int) -> bool:
    """Return whether a column is often empty, or has hardly any different values, as no column of ids has."""
    values = table.sniffed.values(place)
    is_large = len(values) >= MANY_NUMBERS
    return values.count(None) > 0.2 * len(values) or (is_large and len(table.ids(place)) <= MIN_IDS)


def is_clock(table: Table, place: int) -> bool:
    """Return whether a column has times; days as Excel counts them may be any numbers."""
    values = table.sniffed.values(place)
    found = time_format(values)
    # Numbers with zeros before them are no times, but ISBNs, for one.
    return found.keys.get("format", "excel") != "excel" and not all(
        value.startswith("0") for value in values if value
    )

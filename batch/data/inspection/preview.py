"""Preview: rows of a sample as they will be understood, and the shares of missing and odd values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from batch.data.input_spec import InputSpec
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import number_of
from sql import statement
from sql.ids import id_of

# Rows that are shown.
MAX_SHOWN = 10


@dataclass(frozen=True)
class ColumnShares:
    """How many values of a column are missing, and how many are there but can't be used."""

    file: str
    column: str
    role: str
    missing: float
    odd: float


@dataclass(frozen=True)
class PreviewRow:
    """A row as it will be understood."""

    user_id: str | None
    item_id: str | None
    title: str | None
    value: str | None
    says: str  # yes (with the weight of an event), no, negative, seen, or why it can't be used
    time: str | None


@dataclass(frozen=True)
class Preview:
    """What a sample of the rows looks like by a spec."""

    rows: tuple[PreviewRow, ...]
    shares: tuple[ColumnShares, ...]
    sampled: int  # rows that were looked at
    is_whole: bool  # whether these are all
    positive: float | None  # share of rows that say yes, of those that say yes or no
    min_positive: float | None  # the lowest number of stars that says yes
    first_time: datetime | None
    last_time: datetime | None
    lowest: float | None
    highest: float | None


def preview(spec: InputSpec, tables: dict[str, Table]) -> Preview:
    """Look at the sample of the interactions, and of the other tables, by a spec."""
    table = tables["interactions"]
    users = _column(table, spec.interactions.user)
    items = _column(table, spec.interactions.item)
    says, shown = _said(spec, table)
    times = _times(spec, table)
    titles = _titles(spec, tables)
    step = max(len(users) // MAX_SHOWN, 1)
    rows = [
        PreviewRow(
            user and id_of(user),
            item and id_of(item),
            titles.get(id_of(item) or "") if item else None,
            shown[place],
            says[place],
            time.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
            if (time := times[place])
            else None,
        )
        for place in range(0, len(users), step)
        for user, item in [(users[place], items[place])]
    ][:MAX_SHOWN]
    known = [time for time in times if time is not None]
    judged = [each.startswith("yes") for each in says if each.startswith("yes") or each in {"no", "negative"}]
    numbers = _numbers(spec, table)
    return Preview(
        tuple(rows),
        tuple(_shares(spec, tables, says, times)),
        len(users),
        table.sniffed.is_whole,
        judged.count(True) / len(judged) if judged else None,
        spec.value.min_positive if spec.value and spec.value.kind == "stars" else None,
        min(known, default=None),
        max(known, default=None),
        min(numbers, default=None),
        max(numbers, default=None),
    )


def place_of(table: Table, column: str | int) -> int | None:
    """Return the place of a column of a spec; None if there is none."""
    if isinstance(column, int):
        return column - 1 if column <= len(table.sniffed.names) else None
    names = table.sniffed.names
    if column in names:
        return names.index(column)
    lower = [name.lower() for name in names]
    return lower.index(column.lower()) if column.lower() in lower else None


def _column(table: Table, column: str | int) -> list[str | None]:
    place = place_of(table, column)
    return [None] * len(table.sniffed.rows) if place is None else table.sniffed.values(place)


def _numbers(spec: InputSpec, table: Table) -> list[float]:
    values = _column(table, spec.value.column) if spec.value else []
    found = [number_of(value) for value in values if value is not None]
    return [number for number in found if number is not None]


def _said(spec: InputSpec, table: Table) -> tuple[list[str], list[str | None]]:
    """Return for each row whether it says yes, and the value or kind of event by which it does."""
    if spec.event is not None:
        values = _column(table, spec.event.column)
        return [_says_event(spec.event.kinds, value) for value in values], values
    if spec.value is None:
        return ["yes"] * len(table.sniffed.rows), [None] * len(table.sniffed.rows)
    values = _column(table, spec.value.column)
    return [_says(spec, value) for value in values], values


def _says_event(kinds: Mapping[str, float | str], kind: str | None) -> str:
    weight = kinds.get(kind or "")
    if isinstance(weight, float):
        return f"yes ({weight:g})"
    return "missing" if kind is None else {None: "unknown kind", "ignore": "ignored"}.get(weight, "negative")


def _says(spec: InputSpec, text: str | None) -> str:
    assert spec.value is not None
    number = number_of(text) if text is not None else None
    if text is None:
        return "missing"
    if number is None:
        return "not a number"
    if number in spec.value.unrated:
        return "seen"
    if spec.value.kind == "weight":
        return "out of range" if number < 0 else "yes" if number else "no"
    lowest, highest = spec.value.scale
    if not lowest <= number <= highest:
        return "out of range"
    return "yes" if number >= spec.value.min_positive else "no"


def _times(spec: InputSpec, table: Table) -> list[datetime | None]:
    """Return the times of the rows as a run reads them."""
    if spec.time is None:
        return [None] * len(table.sniffed.rows)
    meanings = {
        "time_format": spec.time.format,
        "time_zone": spec.time.zone,
        "decimal": spec.interactions.decimal,
    }
    values = _column(table, spec.time.column)
    with duckdb.connect(config={"threads": "1"}) as connection:
        for name, meaning in meanings.items():
            connection.execute(f"set variable {name} = $meaning", {"meaning": meaning})
        connection.execute("set timezone = 'UTC'")
        for name in ("load/ids", "load/macros"):
            connection.execute(statement(name))
        times = connection.execute(statement("load/times"), {"texts": values}).fetchall()
    return [time and time.replace(tzinfo=UTC) for (time,) in times]


def _titles(spec: InputSpec, tables: dict[str, Table]) -> dict[str, str]:
    if spec.items is None or spec.items.title is None or "items" not in tables:
        return {}
    table = tables["items"]
    pairs = zip(_column(table, spec.items.id), _column(table, spec.items.title), strict=True)
    return {id_of(key) or "": title for key, title in pairs if key and title}


def _shares(
    spec: InputSpec, tables: dict[str, Table], says: list[str], times: list[datetime | None]
) -> list[ColumnShares]:
    """Return the shares of the columns that mean something."""
    table, found = tables["interactions"], []
    roles: dict[str, str | int] = {"user": spec.interactions.user, "item": spec.interactions.item}
    roles |= {"value": spec.value.column} if spec.value else {}
    roles |= {"event": spec.event.column} if spec.event else {}
    roles |= {"time": spec.time.column} if spec.time else {}
    for role, column in roles.items():
        values = _column(table, column)
        odd = 0
        if role == ("event" if spec.event else "value"):
            odd = sum(1 for each in says if each in {"not a number", "out of range", "unknown kind"})
        elif role == "time":
            odd = sum(1 for each, at in zip(values, times, strict=True) if each is not None and at is None)
        found.append(_share(table, str(column), role, values, odd))
    for section, part in (("items", spec.items), ("users", spec.users), ("hidden", spec.hidden)):
        if part is None or section not in tables:
            continue
        columns = {key: getattr(part, key, None) for key in ("id", "title", "genres", "year", "image")}
        columns |= {f"attribute {name}": column for name, column in getattr(part, "attributes", {}).items()}
        for role, named in columns.items():
            if named is not None:
                values = _column(tables[section], named)
                found.append(_share(tables[section], str(named), f"{section}: {role}", values, 0))
    return found


def _share(table: Table, column: str, role: str, values: list[str | None], odd: int) -> ColumnShares:
    number = max(len(values), 1)
    return ColumnShares(table.name, column, role, values.count(None) / number, odd / number)

"""Findings: what was understood of an input in lines of a log, and what of it means nothing."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from batch.data.input_spec import InputSpec
from batch.data.inspection.doubts import MAX_NAMED, Draft
from batch.data.inspection.interaction_roles import Roles
from batch.data.inspection.spec_toml import UNKNOWN
from batch.data.inspection.tables_of_folder import Folder, Table, files_of_data

_COLUMN_KEYS = ("user", "item", "id", "title", "genres", "year", "image")
_SEPARATORS = {
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    "|": "bars",
    "::": "double colons",
    " ": "blanks",
}


def findings(tables: dict[str, Table], draft: Draft, roles: Roles) -> list[str]:
    """Return a line for each table, and one for each of value, events and time."""
    keys = draft.keys
    lines = [_line_of(section, table, keys[section]) for section, table in tables.items()]
    interactions = tables["interactions"]
    if not interactions.is_named:
        places = f"columns {roles.user + 1} and {roles.item + 1}"
        lines.append(f"{interactions.name}: has no header; by their position, {places} are user and item")
    if "value" in keys and keys["value"].get("kind") != UNKNOWN:
        lines.append(f"value: column {keys['value']['column']}: {roles.found_value.text}")
    elif roles.value is not None and roles.found_value.text:
        lines.append(f"value: none; {interactions.called(roles.value)} {roles.found_value.text}")
    if "event" in keys:
        kinds = ", ".join(f"{kind} {_shown(weight)}" for kind, weight in keys["event"]["kinds"].items())
        lines.append(f"event: column {keys['event']['column']}: {kinds}")
    if "time" in keys and keys["time"].get("format") != UNKNOWN:
        lines.append(f"time: column {keys['time']['column']}: {roles.found_time.text}")
    elif roles.time is None:
        lines.append("time: none, so no order is learned")
    if roles.title is not None and "items" not in tables:
        lines.append(
            f"items: none, so ids are titles; {interactions.called(roles.title)} of {interactions.name} may "
            "have titles, which a query under [items] in input.toml can read"
        )
    return lines


def _line_of(section: str, table: Table, keys: dict[str, Any]) -> str:
    sniffed = table.sniffed
    parts = f" ({len(table.paths)} files)" if len(table.paths) > 1 else ""
    how = "Parquet" if sniffed.format == "parquet" else "JSON lines"
    if sniffed.format == "csv":
        separated = (
            f"separated by {_SEPARATORS[sniffed.separator]}" if len(sniffed.names) > 1 else "one column"
        )
        how = f"{separated}, {'header' if sniffed.header else 'no header'}"
    encoding = f", {sniffed.encoding}" if sniffed.format != "parquet" else ""
    named = [f"{key} {keys[key]}" for key in _COLUMN_KEYS if key in keys]
    named += [f"attributes {', '.join(keys['attributes'])}"] if keys.get("attributes") else []
    named += [f"{len(keys['genre_flags'])} columns of genres"] if keys.get("genre_flags") else []
    return f"{section}: {table.name}{parts}: {how}{encoding}; {', '.join(named)}"


def _shown(weight: Any) -> str:
    return f"{weight:g}" if isinstance(weight, float) else str(weight)


def ignored(folder: Folder, tables: dict[str, Table], draft: Draft, roles: Roles | None) -> tuple[str, ...]:
    """Return a line for each table with columns that mean nothing, and for each file that does."""
    lines = []
    for section, table in tables.items():
        used = {str(each) for each in _references(draft.keys[section])}
        if section == "interactions" and roles is not None:
            used |= {str(table.sniffed.reference(place)) for place in roles.used()}
        names = [str(table.sniffed.reference(place)) for place in range(len(table.labels))]
        if names := [name for name in names if name not in used]:
            more = f", and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
            lines.append(f"{table.name}: ignores the columns {', '.join(names[:MAX_NAMED])}{more}")
    lines += [f"{each.name}: is not used" for each in folder.tables if each not in tables.values()]
    lines += [f"{name}: {reason.splitlines()[0]}" for name, reason in folder.unreadable.items()]
    return (*lines, *(f"{name}: is not used" for name in folder.ignored))


def unused_files(folder: Path, spec: InputSpec, paths: Iterable[Path]) -> tuple[str, ...]:
    """Return a line for each file of a folder but those of its tables, and those that a query names."""
    used = {path.absolute() for path in paths}
    parts = (spec.interactions, spec.items, spec.users, spec.hidden)
    queries = " ".join(part.query for part in parts if part is not None)
    patterns = re.findall(r"'([^']+)'", queries)
    return tuple(
        f"{path.relative_to(folder.absolute()).as_posix()}: is not used"
        for path in files_of_data(folder)
        if path not in used
        and not any(fnmatch(path.relative_to(folder.absolute()).as_posix(), each) for each in patterns)
    )


def _references(keys: dict[str, Any]) -> list[str | int]:
    found = [keys[key] for key in _COLUMN_KEYS if key in keys]
    return [*found, *keys.get("attributes", {}).values(), *keys.get("genre_flags", {}).values()]

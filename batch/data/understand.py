"""Understand: what the files of a folder are, and what their columns mean, as `input.toml` would say it.

What is unambiguous is taken. What is not is a problem, which names the lines that settle it; all of them are
reported at once. `sniff_file` says how a file is written, `tables_of_folder` which files belong together,
`interaction_roles` and `entity_roles` what columns are, and `value_kinds` what numbers and times are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from batch.data.column_roles import letters
from batch.data.entity_roles import entity_points, id_place, item_keys, user_keys
from batch.data.input_spec import InputSpec
from batch.data.interaction_roles import STEMS, Roles, is_about_something_else, points, roles_of
from batch.data.tables_of_folder import OLD_NAMES, Folder, Table, look_at
from batch.data.value_kinds import Found, has_decimal_comma

# So many columns of a file are named in a message.
MAX_NAMED = 20
_NOUNS = {
    "movie": ("movie", "movies"),
    "film": ("movie", "movies"),
    "book": ("book", "books"),
    "isbn": ("book", "books"),
    "product": ("product", "products"),
    "sku": ("product", "products"),
    "stockcode": ("product", "products"),
    "asin": ("product", "products"),
    "artist": ("artist", "artists"),
    "track": ("track", "tracks"),
    "song": ("song", "songs"),
    "album": ("album", "albums"),
    "anime": ("anime", "anime"),
    "game": ("game", "games"),
    "joke": ("joke", "jokes"),
    "article": ("article", "articles"),
    "recipe": ("recipe", "recipes"),
    "course": ("course", "courses"),
}


@dataclass(frozen=True)
class Understanding:
    """What was understood of some files, and what was not."""

    spec: InputSpec | None  # None if something that is needed is in doubt
    findings: tuple[str, ...] = ()  # what was understood, in lines of the log
    problems: tuple[str, ...] = ()  # each with what, where, and the lines for `input.toml`
    ignored: tuple[str, ...] = ()  # files and columns that mean nothing
    draft: dict[str, Any] = field(default_factory=dict)  # keys of `input.toml`, without what is in doubt
    tables: dict[str, Table] = field(default_factory=dict)  # by section of `input.toml`
    root: Path = Path()


def understand(paths: Sequence[Path]) -> Understanding:
    """Look at a folder or at files. Raises InputError if there are none of these."""
    folder = look_at(paths)
    problems = [each for each in folder.problems if _matters(each)]
    chosen, roles, more = _interactions(folder)
    problems += more
    if chosen is None or roles is None:
        return Understanding(
            None, problems=tuple(problems), ignored=_ignored(folder, {}, {}), root=folder.root
        )
    tables, draft = {"interactions": chosen}, {}
    draft["interactions"] = _interaction_keys(chosen, roles)
    problems += _value_problems(chosen, roles, draft)
    _add_entities(folder, tables, draft, (chosen, roles))
    if (noun := _noun(tables, chosen.labels[roles.item])) != ("movie", "movies"):
        draft = {"noun": noun, **draft}
    problems += _file_problems(folder, tables)
    problems += [each for each in folder.problems if each not in problems and _is_used(each, tables)]
    spec = None
    if not problems:
        try:
            spec = InputSpec.model_validate(draft)
        except ValidationError as error:
            problems = [f"{chosen.name}: {error.errors()[0]['msg']}; write input.toml"]
    return Understanding(
        spec,
        tuple(_findings(tables, draft, roles)),
        tuple(problems),
        _ignored(folder, tables, draft),
        draft,
        tables,
        folder.root,
    )


def _matters(problem: str) -> bool:
    """Return whether a problem with two formats is about a file that was always read."""
    return any(f" {name}." in problem for name in OLD_NAMES)


def _is_used(problem: str, tables: dict[str, Table]) -> bool:
    return any(
        f" {path.name} " in f"{problem.replace(';', ' ')} " for t in tables.values() for path in t.paths
    )


def _interactions(folder: Folder) -> tuple[Table | None, Roles | None, list[str]]:
    """Return the table of interactions and its roles, or what is in doubt about them."""
    found = [(table, roles) for table in folder.tables if (roles := roles_of(table))]
    ranked = sorted(found, key=lambda each: -points(*each))
    if not ranked:
        return None, None, _nothing(folder)
    (table, roles), *others = ranked
    best, named = points(table, roles), bool(STEMS.search(table.stem))
    if best < 3 and len(folder.tables) > 1 and not named and not table.is_named:  # noqa: PLR2004
        return None, None, _nothing(folder)
    rivals = [
        other
        for other, its in others
        if best < 100  # noqa: PLR2004 (the name that was always read)
        and (bool(STEMS.search(other.stem)) == named)
        and (named or points(other, its) == best)
        and not _is_same_name(table, other)
    ]
    if rivals:
        names = [each.name for each in (table, *rivals)]
        lines = "\n  or\n".join(f"  {_assignment('file', name)}" for name in names)
        return (
            table,
            roles,
            [
                f"{folder.root}: {' and '.join(names)} may each have the interactions; put into input.toml, under "
                f"[interactions], the one that is meant (or a list of those with the same columns)\n{lines}"
            ],
        )
    return table, roles, []


def _is_same_name(table: Table, other: Table) -> bool:
    """Return whether two tables are the same in two formats, which is a problem of its own."""
    return table.stem == other.stem and table.depth == other.depth


def _nothing(folder: Folder) -> list[str]:
    """Return why no table has interactions: what is in the files that could be."""
    if not folder.tables:
        reasons = [f"{name}: {reason}" for name, reason in folder.unreadable.items()]
        what = (
            "has no file that can be read" if reasons else "has no ratings.csv, nor any other file with rows"
        )
        hint = "'python -m batch fetch sample' writes sample movies"
        return [*reasons, f"{folder.root}: {what}; put one there, or name another folder by --data; {hint}"]
    likely = [each for each in folder.tables if not is_about_something_else(each)] or [*folder.tables]
    likely.sort(key=lambda each: (-10 * bool(STEMS.search(each.stem)) - len(each.labels), each.name))
    table = likely[0]
    names = [
        f"{name} ({example})" if table.sniffed.header else f"column {place + 1} ({example})"
        for place, name in enumerate(table.sniffed.names[:MAX_NAMED])
        for example in [next((each for each in table.sniffed.values(place) if each), "empty")[:30]]
    ]
    reasons = [f"{name}: {reason}" for name, reason in folder.unreadable.items() if STEMS.search(name)]
    if len(table.labels) < 2:  # noqa: PLR2004 (user and item)
        return [*reasons, f"{table.name}: has one column ({names[0]}); a user and an item are needed"]
    lines = ["[interactions]", _assignment("file", table.file)]
    lines += [_assignment(key, value) for key, value in table.written().items() if key != "file"]
    wanted = '"…"' if table.sniffed.header else "1"
    lines += [f"user = {wanted}  # the column of the user", f"item = {wanted}  # the column of the item"]
    return [
        *reasons,
        f"{table.name}: which columns are user and item can't be known; it has {', '.join(names)}; put into "
        "input.toml\n" + "\n".join(f"  {line}" for line in lines),
    ]


def _interaction_keys(table: Table, roles: Roles) -> dict[str, Any]:
    sniffed = table.sniffed
    keys = {**table.written()}
    numbers = [place for place in (roles.value, roles.time) if place is not None]
    if sniffed.format == "csv" and any(has_decimal_comma(sniffed.values(place)) for place in numbers):
        keys["decimal"] = ","
    return {**keys, "user": sniffed.reference(roles.user), "item": sniffed.reference(roles.item)}


def _value_problems(table: Table, roles: Roles, draft: dict[str, Any]) -> list[str]:
    """Add the sections of value, event and time to the draft; return what is in doubt about them."""
    problems, reference = [], table.sniffed.reference
    for section, place, found in (
        ("value", roles.value, roles.found_value),
        ("time", roles.time, roles.found_time),
    ):
        if place is None:
            continue
        column = reference(place)
        if found.doubt:
            problems.append(_problem(table, section, place, found))
        elif found.keys:
            draft[section] = {"column": column, **_unusual(found.keys)}
    if roles.event is not None:
        kinds = {kind: weight for kind, weight in roles.kinds.items() if weight is not None}
        draft["event"] = {"column": reference(roles.event), "kinds": kinds}
        if unknown := [kind for kind in roles.kinds if kind not in kinds]:
            lines = [f'  {_key(kind)} = 1  # a weight, "ignore" or "negative"' for kind in unknown]
            known = [f"  {_key(kind)} = {_value(weight)}" for kind, weight in kinds.items()]
            problems.append(
                f"{table.name}, {table.called(roles.event)}: what the kinds {', '.join(unknown)} say is not "
                "known; put into input.toml\n"
                + "\n".join(["  [event]", f"  column = {_value(reference(roles.event))}", "  [event.kinds]"])
                + "\n"
                + "\n".join([*known, *lines])
            )
        if roles.value is not None and not roles.found_value.doubt and "value" in draft:
            problems.append(
                f"{table.name}: has kinds of events ({table.called(roles.event)}) and ratings "
                f"({table.called(roles.value)}); put into input.toml either [event] or [value]"
            )
    return problems


def _unusual(keys: dict[str, Any]) -> dict[str, Any]:
    usual = {"kind": "stars", "scale": (0.5, 5.0), "format": "auto"}
    return {key: value for key, value in keys.items() if usual.get(key) != value}


def _problem(table: Table, section: str, place: int, found: Found) -> str:
    column = _value(table.sniffed.reference(place))
    choices = "\n  or\n".join(f"  [{section}]\n  column = {column}\n{each}" for each in found.remedies)
    one_of = " one of" if len(found.remedies) > 1 else ""
    return f"{table.name}, {table.called(place)}: {found.doubt}; put into input.toml{one_of}\n{choices}"


def _add_entities(
    folder: Folder, tables: dict[str, Table], draft: dict[str, Any], chosen: tuple[Table, Roles]
) -> None:
    """Find the tables of items, users and hidden items, and add their sections to the draft."""
    interactions, roles = chosen
    for section, role, place in (("items", "item", roles.item), ("users", "user", roles.user)):
        like, ids = interactions.labels[place], interactions.ids(place)
        ranked = []
        for table in folder.tables:
            if table in tables.values() or table.stem == "hidden":
                continue
            found = id_place(table, like, role)
            if found is not None and (score := entity_points(table, found, role, ids)):
                ranked.append((score, table, found))
        if ranked:
            _, table, found = max(ranked, key=lambda each: each[0])
            tables[section] = table
            draft[section] = item_keys(table, found) if role == "item" else user_keys(table, found)
    for table in folder.tables:
        if table.stem == "hidden" and not table.depth:
            found = id_place(table, interactions.labels[roles.item], "item")
            tables["hidden"] = table
            draft["hidden"] = {**table.written(), "id": table.sniffed.reference(found or 0)}


def _file_problems(folder: Folder, tables: dict[str, Table]) -> list[str]:
    """Return doubts about files that are used, and files that are named as one of ours and can't be read."""
    problems = [f"{table.name}: {doubt}" for table in tables.values() for doubt in table.sniffed.doubts]
    for name, reason in folder.unreadable.items():
        if name.partition(".")[0].lower() in OLD_NAMES and "/" not in name:
            problems.append(f"{name}: {reason}")
    return problems


def _noun(tables: dict[str, Table], label: str) -> tuple[str, str]:
    if any(table.old_name for table in tables.values()):
        return "movie", "movies"
    stems = [tables["items"].stem] if "items" in tables else []
    for text in (letters(label), *stems):
        for word, noun in _NOUNS.items():
            if text.startswith(word):
                return noun
    return "item", "items"


def _findings(tables: dict[str, Table], draft: dict[str, Any], roles: Roles) -> list[str]:
    """Return a line for each table, and one for each of value, events and time."""
    lines = []
    for section, table in tables.items():
        sniffed, keys = table.sniffed, draft[section]
        parts = f" ({len(table.paths)} files)" if len(table.paths) > 1 else ""
        how = ""
        if sniffed.format == "csv":
            header = "header" if sniffed.header else "no header"
            how = f", separator {sniffed.separator!r}, {header}, {sniffed.encoding}"
        named = [f"{key} {value}" for key, value in keys.items() if key in _COLUMN_KEYS]
        more = keys.get("attributes", {})
        named += [f"attributes {', '.join(more)}"] if more else []
        lines.append(f"{section}: {table.name}{parts}: {sniffed.format}{how}; {', '.join(named)}")
    if "value" in draft:
        lines.append(f"value: column {draft['value']['column']}: {roles.found_value.text}")
    elif roles.value is not None and roles.found_value.text:
        lines.append(f"value: none: {tables['interactions'].called(roles.value)} {roles.found_value.text}")
    if "event" in draft:
        kinds = ", ".join(f"{kind} {_shown(weight)}" for kind, weight in draft["event"]["kinds"].items())
        lines.append(f"event: column {draft['event']['column']}: {kinds}")
    if "time" in draft:
        lines.append(
            f"time: column {draft['time']['column']}: {roles.found_time.text.removeprefix('times: ')}"
        )
    elif roles.time is None:
        lines.append("time: none, so no order is learned")
    return lines


_COLUMN_KEYS = ("user", "item", "id", "title", "genres", "year", "image")


def _shown(weight: Any) -> str:
    return f"{weight:g}" if isinstance(weight, float) else str(weight)


def _ignored(folder: Folder, tables: dict[str, Table], draft: dict[str, Any]) -> tuple[str, ...]:
    """Return a line for each table with columns that mean nothing, and one for each file without a meaning."""
    lines = []
    for section, table in tables.items():
        used = {str(each) for each in _references(draft[section])}
        if section == "interactions":
            used |= {str(draft[part]["column"]) for part in ("value", "event", "time") if part in draft}
        names = [
            str(table.sniffed.reference(place)) or "(without a name)"
            for place in range(len(table.labels))
            if str(table.sniffed.reference(place)) not in used
        ]
        if names:
            more = f", and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
            lines.append(f"{table.name}: ignores the columns {', '.join(names[:MAX_NAMED])}{more}")
    lines += [f"{each.name}: is not used" for each in folder.tables if each not in tables.values()]
    lines += [f"{name}: {reason.splitlines()[0]}" for name, reason in folder.unreadable.items()]
    return (*lines, *(f"{name}: is not used" for name in folder.ignored))


def _references(keys: dict[str, Any]) -> list[str | int]:
    found = [keys[key] for key in _COLUMN_KEYS if key in keys]
    return [*found, *keys.get("attributes", {}).values(), *keys.get("genre_flags", {}).values()]


def _assignment(key: str, value: Any) -> str:
    return f"{key} = {_value(value)}"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    """Return a value as TOML writes it, which is as JSON does for all that is here."""
    return json.dumps(value, ensure_ascii=False)

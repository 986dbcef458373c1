"""Understand: what the files of a folder are, and what their columns mean, as `input.toml` would say it.

What is unambiguous is taken. What is not is a problem, which names the lines that settle it; all of them are
reported at once. `sniff_file` says how a file is written, `tables_of_folder` which files belong together,
`interaction_roles` and `entity_roles` what columns are, and `value_kinds` what numbers and times are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from batch.data.input_spec import InputSpec
from batch.data.inspection.column_roles import letters
from batch.data.inspection.doubts import (
    Draft,
    add_beside,
    add_files,
    add_kinds,
    add_nothing,
    add_order,
    add_rivals,
    add_rows,
    add_time,
    add_value,
)
from batch.data.inspection.entity_roles import against_tables, entity_points, id_place, item_keys, user_keys
from batch.data.inspection.file_sample import BLOCKS
from batch.data.inspection.findings import findings, ignored
from batch.data.inspection.interaction_roles import STEMS, Roles, points, roles_of
from batch.data.inspection.spec_toml import draft_toml, to_toml
from batch.data.inspection.tables_of_folder import OLD_NAMES, Folder, Table, look_at
from batch.data.inspection.value_kinds import Found, has_decimal_comma

# Points of a table whose name says what it is, as it always did.
SURE = 100
_USUAL = {"kind": "stars", "scale": (0.5, 5.0), "format": "auto"}
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

    root: Path  # the folder from which the spec names files
    spec: InputSpec | None  # None if something that is needed is in doubt
    findings: tuple[str, ...] = ()  # what was understood, in lines of the log
    problems: tuple[str, ...] = ()  # each with what, where, and the lines for `input.toml`
    ignored: tuple[str, ...] = ()  # files and columns that mean nothing
    draft: dict[str, Any] = field(default_factory=dict)  # keys of `input.toml`; "?" for what is in doubt
    notes: dict[str, str] = field(default_factory=dict)  # what is in doubt, by section and key of the draft
    tables: dict[str, Table] = field(default_factory=dict)  # by section of `input.toml`

    def toml(self) -> str:
        """Return `input.toml` as far as it is known; `read_spec` refuses it until all doubts are settled."""
        return to_toml(self.spec) if self.spec else draft_toml(self.draft, self.notes)


def understand(paths: Sequence[Path]) -> Understanding:
    """Look at a folder or at files. Raises InputError if there are none of these."""
    folder, draft = look_at(paths), Draft()
    tables: dict[str, Table] = {}
    lines: list[str] = []
    found = _interactions(folder, draft)
    if found is not None:
        table, roles = found
        tables["interactions"] = table
        _add_interactions(draft, table, roles)
        _add_entities(draft, folder, tables, roles)
        if not table.is_named:
            roles.doubt = roles.doubt or against_tables(tables, roles)
        if roles.doubt:
            add_order(draft, table, roles)
        add_rows(draft, table, roles)
        noun = _noun(tables, table.labels[roles.item])
        draft.keys = ({"noun": noun} if noun != ("movie", "movies") else {}) | draft.keys
        lines = findings(tables, draft, roles)
    add_files(draft, folder, tables, tuple(OLD_NAMES))
    problems = tuple(dict.fromkeys(draft.problems))
    return Understanding(
        folder.root,
        None if problems else _spec(draft),
        tuple(lines),
        problems,
        ignored(folder, tables, draft, found and found[1]),
        draft.keys,
        draft.notes,
        tables,
    )


def _spec(draft: Draft) -> InputSpec:
    try:
        return InputSpec.model_validate(draft.keys)
    except ValidationError as error:
        raise AssertionError(f"what was understood is no valid spec: {error}") from error


def _interactions(folder: Folder, draft: Draft) -> tuple[Table, Roles] | None:
    """Return the table of interactions and its roles; None, and a problem in the draft, if there is none."""
    found = [(table, roles) for table in folder.tables if (roles := roles_of(table))]
    found.sort(key=lambda each: -points(*each))
    # A file that can't be read, but has the name that was always read, is the one that is meant.
    broken = any(
        name.lower().startswith("ratings.") or reason.startswith(BLOCKS)
        for name, reason in folder.unreadable.items()
    )
    if not found or (broken and points(*found[0]) < SURE):
        add_nothing(draft, folder)
        return None
    (table, roles), *others = found
    best, is_named = points(table, roles), bool(STEMS.search(table.stem))
    rivals = [
        other
        for other, its in others
        if best < SURE
        and bool(STEMS.search(other.stem)) == is_named
        and (is_named or points(other, its) == best)
        and (table.stem, table.depth) != (other.stem, other.depth)  # the same in two formats
    ]
    _add_files_of(draft, table, roles)
    if rivals:
        add_rivals(draft, folder, (table, *rivals))
    return table, roles


def _add_files_of(draft: Draft, table: Table, roles: Roles) -> None:
    sniffed = table.sniffed
    keys = {**table.written()}
    numbers = [place for place in (roles.value, roles.time) if place is not None]
    if sniffed.format == "csv" and any(has_decimal_comma(sniffed.values(place)) for place in numbers):
        keys["decimal"] = ","
    keys |= {"user": sniffed.reference(roles.user), "item": sniffed.reference(roles.item)}
    draft.keys["interactions"] = keys


def _add_interactions(draft: Draft, table: Table, roles: Roles) -> None:
    """Add the sections of value, event and time."""
    if not table.sniffed.rows:
        return
    for section, place, found, add in (
        ("value", roles.value, roles.found_value, add_value),
        ("time", roles.time, roles.found_time, add_time),
    ):
        if place is not None and found.doubt:
            add(draft, table, place, found)
        elif place is not None and found.keys:
            draft.keys[section] = {"column": table.sniffed.reference(place), **_unusual(found)}
    if roles.beside and not roles.doubt:
        add_beside(draft, table, roles)
    if roles.event is not None:
        add_kinds(draft, table, roles)
        if "value" in draft.keys and not roles.beside:
            draft.problems.append(
                f"{table.name}: has kinds of events ({table.called(roles.event)}) and ratings "
                f"({table.called(roles.value or 0)}); put one of them into input.toml, [event] or [value]"
            )


def _unusual(found: Found) -> dict[str, Any]:
    return {key: value for key, value in found.keys.items() if _USUAL.get(key) != value}


def _add_entities(draft: Draft, folder: Folder, tables: dict[str, Table], roles: Roles) -> None:
    """Find the tables of items, users and hidden items, and add their sections."""
    interactions = tables["interactions"]
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
            draft.keys[section] = (item_keys if role == "item" else user_keys)(table, found)
    for table in folder.tables:
        if table.stem == "hidden" and not table.depth:
            found = id_place(table, interactions.labels[roles.item], "item")
            tables["hidden"] = table
            draft.keys["hidden"] = {**table.written(), "id": table.sniffed.reference(found or 0)}


def _noun(tables: dict[str, Table], label: str) -> tuple[str, str]:
    if any(table.old_name for table in tables.values()):
        return "movie", "movies"
    stems = [tables["items"].stem] if "items" in tables else []
    for text in (letters(label), *stems):
        for word, noun in _NOUNS.items():
            if text.startswith(word):
                return noun
    return "item", "items"

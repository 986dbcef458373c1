"""Doubts: what can't be known of an input, in words, with the lines of `input.toml` that settle it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from batch.data.inspection.column_roles import find
from batch.data.inspection.file_sample import BLOCKS
from batch.data.inspection.interaction_roles import STEMS, Roles, is_about_something_else
from batch.data.inspection.queries import problem_of_join, problem_of_rows
from batch.data.inspection.spec_toml import UNKNOWN, assignment, written
from batch.data.inspection.tables_of_folder import Folder, Table
from batch.data.inspection.value_kinds import Found, numbers_of
from batch.data.inspection.wide_table import is_wide, problem_of_wide

# So many columns of a file are named in a message.
MAX_NAMED = 20
_OF_ONE = "; no column is known as that of users: what is of one person only can't be used"


@dataclass
class Draft:
    """Keys of `input.toml` by section, as far as they are known, and what is in doubt about them."""

    keys: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # by section and key
    problems: list[str] = field(default_factory=list)

    def doubt(self, section: str, key: str, problem: str, note: str) -> None:
        """Add a problem; the key gets a value that `input.toml` may not have."""
        self.keys.setdefault(section, {})[key] = UNKNOWN
        self.notes[f"{section}.{key}"] = note
        self.problems.append(problem)


def add_rivals(draft: Draft, folder: Folder, tables: Sequence[Table]) -> None:
    """Add the doubt which of several tables has the interactions."""
    names = [table.name for table in tables]
    choices: list[str | tuple[str, ...]] = [table.file for table in tables]
    if all(table.labels == tables[0].labels for table in tables) and all(
        isinstance(each, str) for each in choices
    ):
        choices.append(tuple(sorted(names)))
    lines = "\n  or\n".join(f"  {assignment('file', each)}" for each in choices)
    problem = (
        f"{folder.root}: {' and '.join(names)} may each have the interactions; put into input.toml, under "
        f"[interactions], one of\n{lines}"
    )
    draft.doubt("interactions", "file", problem, lines)


def add_nothing(draft: Draft, folder: Folder) -> None:
    """Add why no table has interactions: what is in the file that is most likely to have them."""
    tables = [each for each in folder.tables if not each.old_name or each.old_name == "ratings"]
    likely = [each for each in tables if not is_about_something_else(each)] or tables
    likely.sort(key=lambda each: (-10 * bool(STEMS.search(each.stem)) - len(each.labels), each.name))
    reasons = [
        f"{name}: {reason}"
        for name, reason in folder.unreadable.items()
        if STEMS.search(name.lower()) or not likely or reason.startswith(BLOCKS)
    ]
    draft.problems += reasons
    if not likely and not reasons:
        what = "has no ratings.csv, nor any other interactions"
        draft.problems.append(
            f"{folder.root}: {what}; put a file with interactions there, or name another folder by --data; "
            "'python -m batch fetch sample' writes sample movies"
        )
    elif joined := problem_of_join(likely):
        draft.problems.append(joined)
    elif likely and (not reasons or STEMS.search(likely[0].stem)):
        _add_unknown_columns(draft, likely[0])


def _add_unknown_columns(draft: Draft, table: Table) -> None:
    names = [
        f"{name or place + 1} ({example})"
        for place, name in enumerate(table.sniffed.names[:MAX_NAMED])
        for example in [next((each for each in table.sniffed.values(place) if each), "empty")[:30]]
    ]
    if len(table.labels) < 2:  # noqa: PLR2004 (user and item)
        draft.problems.append(
            f"{table.name}: has one column, {names[0]}, but a user and an item are needed; if it has more, "
            "put what separates them into input.toml, as separator under [interactions]"
        )
        return
    if is_wide(table):
        draft.problems.append(problem_of_wide(table))
        return
    draft.keys["interactions"] = {**table.written(), "user": UNKNOWN, "item": UNKNOWN}
    draft.notes["interactions"] = f"Columns: {', '.join(names)}"
    one = "" if find("user", table.labels) is not None or not table.is_named else _OF_ONE
    how = "its name" if table.sniffed.header else "its position"
    lines = ["[interactions]"]
    lines += [assignment(key, value) for key, value in table.written().items()]
    lines += [f'user = "?"  # instead of ?, {how}', f'item = "?"  # instead of ?, {how}']
    draft.problems.append(
        f"{table.name}: which columns are user and item can't be known; it has {', '.join(names)}{one}; put "
        "into input.toml\n" + "\n".join(f"  {line}" for line in lines)
    )


def add_order(draft: Draft, table: Table, roles: Roles) -> None:
    """Add the doubt which of two columns of a file without names is user, and which is item."""
    user, item = roles.user + 1, roles.item + 1
    choices = [f"  user = {one}\n  item = {other}" for one, other in ((user, item), (item, user))]
    written_as = "".join(f"  {assignment(key, value)}\n" for key, value in table.written().items())
    settled = "\n  or\n".join(choices)
    problem = (
        f"{table.name}: has no header, and columns {user} and {item} may not be user and item: {roles.doubt};"
        " put into input.toml, with these or other columns\n  [interactions]\n" + written_as + settled
    )
    draft.keys["interactions"]["item"] = UNKNOWN
    draft.doubt("interactions", "user", problem, f"{roles.doubt}; for user and item, one of\n{settled}")


def add_value(draft: Draft, table: Table, place: int, found: Found) -> None:
    """Add what is in doubt about the numbers of a column."""
    _add_found(draft, table, ("value", "kind"), place, found)


def add_time(draft: Draft, table: Table, place: int, found: Found) -> None:
    """Add what is in doubt about the times of a column."""
    _add_found(draft, table, ("time", "format"), place, found)


def _add_found(draft: Draft, table: Table, key: tuple[str, str], place: int, found: Found) -> None:
    section, name = key
    column = table.sniffed.reference(place)
    choices = "\n  or\n".join(
        f"  [{section}]\n  {assignment('column', column)}\n{each}" for each in found.remedies
    )
    one_of = " one of" if len(found.remedies) > 1 else ""
    problem = f"{table.name}, {table.called(place)}: {found.doubt}; put into input.toml{one_of}\n{choices}"
    draft.keys[section] = {"column": column}
    note = "\nor\n".join(found.remedies)
    draft.doubt(section, name, problem, f"The column {found.doubt}; instead of ?,\n{note}")


def add_beside(draft: Draft, table: Table, roles: Roles) -> None:
    """Add that columns of numbers mean nothing so far, which may say how much an interaction says."""
    columns = [table.sniffed.reference(place) for place in roles.beside]
    numbers = [numbers_of(table.sniffed.values(place))[0] for place in roles.beside]
    shown = ", ".join(f"{each} (such as {number:g})" for each, number in zip(columns, numbers, strict=True))
    what, without = "without which all rows count the same", "  # without [value], all rows count the same"
    if roles.event is not None:
        what = f"but rows count by {table.called(roles.event)}, which has kinds of events"
        kinds = "".join(f"\n  {assignment(kind, each or UNKNOWN)}" for kind, each in roles.kinds.items())
        column = assignment("column", table.sniffed.reference(roles.event))
        without = f"  [event]\n  {column}\n  [event.kinds]{kinds}"
    choices = [f'  [value]\n  {assignment("column", each)}\n  kind = "weight"' for each in columns]
    lines = "\n  or\n".join([without, *choices])
    problem = f"{table.name}: column {shown} may be a weight, {what}; put into input.toml one of\n{lines}"
    draft.keys["value"] = {"column": columns[0]}
    draft.doubt("value", "kind", problem, 'kind = "weight", without [event]; or remove [value]')


def add_rows(draft: Draft, table: Table, roles: Roles) -> None:
    """Add that many rows have no user, no item or a return."""
    if problem := problem_of_rows(table, roles):
        note = (
            "in place of file, a query that leaves rows out; or remove this line, and such rows are rejected"
        )
        draft.doubt("interactions", "query", problem, note)


def add_kinds(draft: Draft, table: Table, roles: Roles) -> None:
    """Add the section of events; kinds whose words are unknown are in doubt."""
    assert roles.event is not None
    column = table.sniffed.reference(roles.event)
    draft.keys["event"] = {"column": column, "kinds": dict(roles.kinds)}
    unknown = [kind for kind, weight in roles.kinds.items() if weight is None]
    if not unknown:
        return
    draft.keys["event"]["kinds"] |= dict.fromkeys(unknown, UNKNOWN)
    choice = 'instead of ?, a weight such as 1, "ignore" or "negative"'
    draft.notes["event.kinds"] = choice
    lines = [
        assignment(kind, UNKNOWN if weight is None else weight) + (f"  # {choice}" if weight is None else "")
        for kind, weight in roles.kinds.items()
    ]
    lines = ["[event]", assignment("column", column), "[event.kinds]", *lines]
    named = ", ".join(map(written, unknown))
    draft.problems.append(
        f"{table.name}, {table.called(roles.event)}: unknown kinds of events: {named}; put into input.toml\n"
        + "\n".join(f"  {line}" for line in lines)
    )


def add_files(draft: Draft, folder: Folder, tables: dict[str, Table], old_names: Sequence[str]) -> None:
    """Add what is in doubt about the files that are used, and those with one of the old names."""
    used = {path.name for table in tables.values() for path in table.paths}
    for names, problem in folder.twice.items():
        if used.intersection(names) or any(name.partition(".")[0].lower() in old_names for name in names):
            draft.problems.append(problem)
    for section, table in tables.items():
        for doubt in table.sniffed.doubts:
            text = f'{table.name}: {doubt}; put into input.toml\n  [{section}]\n  encoding = "cp1251"'
            others = "or shift_jis, gb18030, latin-1, whichever it is"
            draft.doubt(section, "encoding", f"{text}  # {others}", f"{doubt}; cp1251, {others}")
        if section == "interactions" and not table.sniffed.rows:
            draft.problems.append(f"{table.name}: has a header, but no rows; check how it was exported")
    twice = {name for names in folder.twice for name in names}
    for name, reason in folder.unreadable.items():
        if name.partition(".")[0].lower() in old_names and "/" not in name and name not in twice:
            draft.problems.append(f"{name}: {reason}")

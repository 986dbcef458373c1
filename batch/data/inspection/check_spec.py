"""Check spec: a look at the files that an `input.toml` names, by what it says of them."""

from pathlib import Path

from batch.data.input_spec import FILE, Files, InputSpec
from batch.data.inspection.file_sample import UnreadableError
from batch.data.inspection.preview import place_of, preview
from batch.data.inspection.sniff_file import sniff_file
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.understand import Understanding

# So large a share of a column may be odd values, as of the rows of a file may be rejected.
MAX_ODD = 0.1


def check_spec(folder: Path, spec: InputSpec) -> Understanding:
    """Look at a folder by its `input.toml`: problems are files, columns, kinds and times that are not so."""
    problems: list[str] = []
    tables: dict[str, Table] = {}
    findings: list[str] = []
    for section in ("interactions", "items", "users", "hidden"):
        files: Files | None = getattr(spec, section)
        if files is None:
            continue
        if files.query:
            findings.append(f"{section}: a query; a run reads its result")
            continue
        try:
            tables[section] = _table(folder, files)
            findings.append(f"{section}: {tables[section].name}: as {FILE} says")
        except UnreadableError as error:
            problems.append(f"{section}: {error}")
    for section, table in tables.items():
        problems += _missing_columns(spec, section, table)
    if not problems and "interactions" in tables:
        problems += _odd_columns(spec, tables)
    return Understanding(folder, spec, tuple(findings), tuple(problems), tables=tables)


def _table(folder: Path, files: Files) -> Table:
    """Return the first file that a spec names, as a table. Raises UnreadableError if there is none."""
    patterns = (files.file,) if isinstance(files.file, str) else files.file
    paths: list[Path] = []
    for pattern in patterns:
        path = folder / pattern
        is_pattern = not (path.exists() or Path(pattern).is_absolute())
        found = sorted(folder.glob(pattern) if is_pattern else path.rglob("*") if path.is_dir() else [path])
        found = [each for each in found if each.is_file() and each.name[0] not in "._"]
        if not found:
            raise UnreadableError(f"there is no file {pattern} in {folder}; correct {FILE}, or put it there")
        paths += found
    try:
        sniffed = sniff_file(paths[0], files)
    except UnreadableError as error:
        raise UnreadableError(f"{paths[0].name}: {error}") from None
    return Table(files.file, tuple(paths), paths[0].name.lower(), 0, sniffed, sniffed.names)


def _missing_columns(spec: InputSpec, section: str, table: Table) -> list[str]:
    """Return a line for each column of the spec that the table does not have."""
    part = getattr(spec, section)
    columns = [getattr(part, key, None) for key in ("user", "item", "id", "title", "genres", "year", "image")]
    columns += [*getattr(part, "attributes", {}).values(), *getattr(part, "genre_flags", {}).values()]
    if section == "interactions":
        columns += [each.column for each in (spec.value, spec.event, spec.time) if each is not None]
    has = (
        ", ".join(map(str, table.sniffed.names))
        if table.sniffed.header
        else f"{len(table.sniffed.names)} columns"
    )
    return [
        f"{table.name}: has no column {column}, only {has}; correct {FILE}"
        for column in columns
        if column is not None and place_of(table, column) is None
    ]


def _odd_columns(spec: InputSpec, tables: dict[str, Table]) -> list[str]:
    """Return a line for each column of which too many values can't be used."""
    problems = []
    if spec.event is not None and (place := place_of(tables["interactions"], spec.event.column)) is not None:
        found = {value for value in tables["interactions"].sniffed.values(place) if value is not None}
        problems += [
            f"{tables['interactions'].name}: the kind {kind!r} of events is not in {FILE}; add it under "
            '[event.kinds] with a weight, "ignore" or "negative"'
            for kind in sorted(found - set(spec.event.kinds))
        ]
    return problems + [
        f"{each.file}, column {each.column}: {each.odd:.0%} of the values are no valid {each.role}; "
        f"correct {FILE}"
        for each in preview(spec, tables).shares
        if each.odd > MAX_ODD and each.role in {"value", "time"}
    ]

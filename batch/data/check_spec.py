"""Check spec: a look at the files that an `input.toml` names, by what it says of them."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from batch.data.input_spec import FILE, Column, InputSpec
from batch.data.inputs import InputTable, find_tables, result_of_query
from batch.data.inspection.file_sample import MAX_ROWS, UnreadableError
from batch.data.inspection.findings import unused_files
from batch.data.inspection.preview import place_of, preview
from batch.data.inspection.sniff_file import sniff_file
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.understand import Understanding
from batch.data.load import without_rows
from batch.data.readers import column_faults
from batch.errors import InputError

# So large a share of a column may be odd or missing values, as of the rows of a file may be rejected.
MAX_ODD = 0.1


def check_spec(folder: Path, spec: InputSpec) -> Understanding:
    """Look at a folder by its `input.toml`.

    Problems are files, queries, columns, kinds and times that are not so: each stops a run, too.
    """
    given, problems = find_tables(folder, spec)
    tables: dict[str, Table] = {}
    for section, table in given.items():
        try:
            tables[section] = _table(folder, table)
        except (UnreadableError, InputError) as error:
            problems.append(str(error))
    for section, looked in tables.items():
        is_named = looked.sniffed.header
        columns = _columns(spec, section)
        problems += column_faults(columns, looked.name, looked.sniffed.names, is_named=is_named)
        if not looked.sniffed.rows and section in {"interactions", "items"}:
            problems.append(str(without_rows(looked.name)))
    if not problems:
        problems += _odd_columns(spec, tables)
    findings = tuple(_finding(section, table, given[section]) for section, table in tables.items())
    unused = unused_files(folder, spec, [path for table in given.values() for path in table.paths])
    return Understanding(folder, spec, findings, tuple(problems), unused, tables=tables)


def _table(folder: Path, given: InputTable) -> Table:
    """Return the first file of a table. Raises UnreadableError or InputError if it can't be read."""
    if given.files.query:
        return _table_of_query(folder, given)
    try:
        sniffed = sniff_file(given.paths[0], given.files)
    except UnreadableError as error:
        raise UnreadableError(f"{given.name}: {error}") from None
    return Table(given.name, given.paths, given.paths[0].name.lower(), 0, sniffed, sniffed.names)


def _table_of_query(folder: Path, given: InputTable) -> Table:
    """Return the first rows of the result of a query as a table. Raises InputError if it fails."""
    with TemporaryDirectory() as work:
        path = Path(work) / "result.parquet"
        result_of_query(folder, given, path, MAX_ROWS)
        sniffed = sniff_file(path)
    sniffed = replace(sniffed, is_whole=len(sniffed.rows) < MAX_ROWS)
    return Table(given.name, (), given.name, 0, sniffed, sniffed.names)


def _finding(section: str, table: Table, given: InputTable) -> str:
    if given.files.query:
        return f"{section}: {table.name}: has the columns {', '.join(table.sniffed.names)}"
    return f"{section}: {table.name}: as {FILE} says"


def _columns(spec: InputSpec, section: str) -> list[Column]:
    """Return the columns that a spec names in a table."""
    part = getattr(spec, section)
    columns = [getattr(part, key, None) for key in ("user", "item", "id", "title", "genres", "year", "image")]
    columns += [*getattr(part, "attributes", {}).values(), *getattr(part, "genre_flags", {}).values()]
    if section == "interactions":
        columns += [each.column for each in (spec.value, spec.event, spec.time) if each is not None]
    return [column for column in columns if column is not None]


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
    shares = preview(spec, tables).shares
    problems += [
        f"{each.file}, column {each.column}: {each.odd:.0%} of the values are no valid {each.role}; "
        f"correct {FILE}"
        for each in shares
        if each.odd > MAX_ODD and each.role in {"value", "time"}
    ]
    return problems + [
        f"{each.file}, column {each.column}: {each.missing:.0%} of the rows have no {each.role}, and a run "
        f"rejects them; name another column in {FILE}, leave them out by a query, or allow more of them by "
        "--max-rejected"
        for each in shares
        if each.missing > MAX_ODD and each.role in {"user", "item"}
    ]

"""Readers: the files of a table become rows of text, each with its line number and the columns of the spec.

Separated text is read by DuckDB's reader in strict mode, which records what does not parse. That reader
counts no lines for the rows that do parse, so each line is first numbered, as text, and carries its number
through the reader. The raw text of a row stays in the copy of `text.py`: it is looked up for the few that are
rejected or repaired. Parquet files are copied as they are: what is read several times must not change
meanwhile.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression

from batch.data.input_spec import FILE, Column, Files
from batch.data.inputs import BYTES_AT_A_TIME, InputTable, verified
from batch.data.json_columns import name_of, objects_of, paths_in, pointer_to
from batch.data.text import MAX_LINE_LENGTH, Text, copy_as_text, fields_of
from batch.errors import InputError
from sql import statement

# So many objects of JSON are looked at for the names in them.
OBJECTS_LOOKED_AT = 1_000
_NESTED = ("list", "array", "struct", "map")


@dataclass(frozen=True)
class Source:
    """The files of one table, and where the raw text of its rows is to be had."""

    name: str
    paths: tuple[Path, ...]  # of copies: one text file with a row a line, or Parquet files
    is_text: bool
    parts: tuple[tuple[str, int], ...]  # the name of each file, and how many lines come before it
    ignored: tuple[str, ...] = ()  # columns that mean nothing to us


@dataclass(frozen=True)
class Reading:
    """The rows of a table, and the expressions of its columns; `line` is a column of the rows."""

    rows: duckdb.DuckDBPyRelation
    names: list[str]  # of the columns; of files without a header, their positions
    is_named: bool
    of_column: list[Expression]
    of_id: list[Expression] | None = None  # for ids, which are no objects and no lists; None: as of_column
    nested: frozenset[int] = frozenset()  # columns of Parquet with objects or lists
    lines: int | None = None  # of separated text: how many lines can be records
    records: Path | None = None  # and the file that has them

    def value(self, column: Column | None) -> Expression:
        """Return the text of a column that is there; null without one."""
        if column is None:
            return ConstantExpression(None).cast("varchar")
        return self.of_column[self.position(column)]

    def id_value(self, column: Column | None, table: str) -> Expression:
        """Return the same of a column of ids. Raises ColumnsError if it has objects or lists."""
        if column is None or not (self.of_id or self.nested):
            return self.value(column)
        place = self.position(column)
        if place in self.nested:
            raise ColumnsError(
                f"{table}: the column {column} has objects or lists, which are no ids; put a query into "
                f'{FILE} that takes one of each, such as "{column}".id'
            )
        return self.of_id[place] if self.of_id else self.of_column[place]

    def position(self, column: Column) -> int:
        """Return where a column that is there is, from 0."""
        (place,) = _places(column, self.names, is_named=self.is_named)
        return place

    def stop_without(self, columns: Iterable[Column], table: str) -> None:
        """Raise ColumnsError, with all of them, if columns are not there, or there twice."""
        faults = column_faults(columns, table, self.names, is_named=self.is_named)
        if faults:
            raise ColumnsError("\n".join(faults))


class ColumnsError(InputError):
    """Columns of a table are not there, or there twice."""


def column_faults(
    columns: Iterable[Column], table: str, names: Sequence[str], *, is_named: bool
) -> list[str]:
    """Return a line for the columns that a table doesn't have, and one for each that it has twice."""
    found = {column: _places(column, names, is_named=is_named) for column in columns}
    twice = [column for column, places in found.items() if len(places) > 1]
    faults = [f"{table}: has the column {column} twice; keep one of them" for column in twice]
    missing = [column for column, places in found.items() if not places]
    if missing:
        said = ", ".join(map(str, missing))
        s = "s" if len(missing) > 1 else ""
        if is_named:
            faults.append(
                f"{table}: has no column{s} {said}; found {', '.join(names)[:200]}; correct the file, or "
                f"name the column{s} in {FILE}"
            )
        elif all(isinstance(column, int) for column in missing):
            last = f"column {len(names)} is the last" if len(names) > 1 else "there is one"
            faults.append(f"{table}: has no column{s} {said}; {last}; correct {FILE}")
        else:
            faults.append(
                f"{table}: has no header, and so no column{s} {said}; name positions from 1 to {len(names)}"
            )
    return faults


def _places(column: Column, names: Sequence[str], *, is_named: bool) -> list[int]:
    """Return where a column is, from 0: its position, or the places of its name, in any letter case."""
    if isinstance(column, int):
        return [column - 1] if column <= len(names) else []
    if not is_named:
        return []
    exact = [place for place, name in enumerate(names) if name == column]
    return exact or [place for place, name in enumerate(names) if name.lower() == column.lower()]


def read(
    connection: duckdb.DuckDBPyConnection,
    table: InputTable,
    work: Path,
    digests: Mapping[Path, str],
    kind: str,
) -> tuple[Reading, Source]:
    """Read the files of a table; `kind` names copies of them in `work`. Raises InputError."""
    if table.format == "parquet":
        return _read_parquet(connection, table, work, digests)
    text = copy_as_text(table, work / f"{kind}.text", digests)
    connection.execute("set variable record_pattern = $pattern", {"pattern": _record_pattern(table.files)})
    connection.execute("set variable quote = $quote", {"quote": quote_of(table.files)})
    connection.execute("set variable is_json = $is_json", {"is_json": table.format == "json"})
    lines = {"path": str(text.path), "header_line": text.header_line, "longest_line": MAX_LINE_LENGTH}
    connection.execute(statement("load/other_lines"), lines)
    reading = (_read_json if table.format == "json" else _read_csv)(connection, table, text)
    parts = tuple(zip(table.names, text.lines_before, strict=True))
    return reading, Source(table.name, (text.path,), is_text=True, parts=parts)


def _read_csv(connection: duckdb.DuckDBPyConnection, table: InputTable, text: Text) -> Reading:
    separator, quote = table.files.separator, quote_of(table.files)
    names = [name.strip() for name in fields_of(text.first_record, separator, quote)]
    records = text.path.with_suffix(".records")
    ((lines,),) = connection.execute(
        statement("load/records"),
        {
            "path": str(text.path),
            "header_line": text.header_line,
            "longest_line": MAX_LINE_LENGTH,
            "separator": separator,
            "records": str(records),
        },
    ).fetchall()
    columns = [f"column_{position}" for position in range(len(names))]
    # In strict mode, what does not parse is recorded in `reject_errors`.
    rows = connection.read_csv(
        str(records),
        columns={"line": "bigint"} | dict.fromkeys(columns, "varchar"),
        auto_detect=False,
        header=False,
        delimiter=separator,
        quotechar=quote,
        escapechar=quote,
        comment="",
        lineterminator=duckdb.CSVLineTerminator.LINE_FEED,
        strict_mode=True,
        store_rejects=True,
    )
    if not table.has_header:
        names = [str(position) for position in range(1, len(names) + 1)]
    of_column: list[Expression] = [ColumnExpression(column) for column in columns]
    return Reading(rows, names, table.has_header, of_column, lines=int(lines), records=records)


def _read_json(connection: duckdb.DuckDBPyConnection, _table: InputTable, text: Text) -> Reading:
    """Read lines that are objects of JSON; their names are those in the first objects."""
    lines = connection.table_function("lines_of", [str(text.path)])
    objects = lines.filter("is_object(raw)")
    first = objects.limit(OBJECTS_LOOKED_AT).order("line").project("raw").fetchall()
    paths = paths_in(each for each in objects_of(raw for (raw,) in first) if each is not None)
    of_column, of_id = (
        [
            FunctionExpression(macro, ColumnExpression("raw"), ConstantExpression(pointer_to(path)))
            for path in paths
        ]
        for macro in ("json_extract_string", "json_id")
    )
    names = [name_of(path) for path in paths]
    return Reading(objects, names, is_named=True, of_column=of_column, of_id=of_id)


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, table: InputTable, work: Path, digests: Mapping[Path, str]
) -> tuple[Reading, Source]:
    paths = [_copied(path, work, digests.get(path)) for path in table.paths]
    files = connection.read_parquet([str(path) for path in paths])
    # Rows are numbered in the order of the files, which the reader keeps.
    rows = files.project("row_number() over () as line, *")
    of_column: list[Expression] = [
        FunctionExpression("to_json", ColumnExpression(name)).cast("varchar")
        if kind.id in _NESTED
        else ColumnExpression(name).cast("varchar")
        for name, kind in zip(files.columns, files.types, strict=True)
    ]
    nested = frozenset(place for place, kind in enumerate(files.types) if kind.id in _NESTED)
    rows_of = connection.table_function("parquet_file_metadata", [[str(path) for path in paths]])
    numbers = dict(rows_of.project("file_name, num_rows").fetchall())
    before = [0, *accumulate(numbers[str(path)] for path in paths)]
    parts = tuple(zip(table.names, before, strict=False))
    return (
        Reading(rows, files.columns, is_named=True, of_column=of_column, nested=nested),
        Source(table.name, tuple(paths), is_text=False, parts=parts),
    )


def _copied(path: Path, work: Path, digest: str | None) -> Path:
    """Copy a file that somebody else may write to."""
    if digest is None:
        return path
    with (
        verified(path, digest) as source,
        NamedTemporaryFile(dir=work, prefix=f"{path.stem[:100]}.", suffix=".parquet", delete=False) as copy,
    ):
        shutil.copyfileobj(source, copy, BYTES_AT_A_TIME)
    return Path(copy.name)


def quote_of(files: Files) -> str:
    """Return what may stand around values: the reader knows no quotes beside longer separators."""
    return files.quote if len(files.separator) == 1 else ""


def _record_pattern(files: Files) -> str | None:
    """Return the pattern of a line in which every quote is in its place; None if there are no quotes."""
    quote = re.escape(quote_of(files))
    if not quote:
        return None
    separator, space = re.escape(files.separator), r"[ ]*" if files.separator == "\t" else r"\s*"
    field = (
        f"({space}{quote}([^{quote}]|{quote}{quote})*{quote}{space}"
        f"|{space}([^{quote}{separator}\\s][^{separator}]*)?)"
    )
    return f"^{field}({separator}{field})*$"

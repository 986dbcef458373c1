"""Load: the input files become tables, each row with its line number and its values.

CSV is read by DuckDB's reader in strict mode, which records what does not parse. That reader counts no
lines for the rows that do parse, so each line is first numbered, as text, and carries its number through
the reader. A text file that is not quite text (other newlines, a byte order mark, bytes that are no UTF-8)
is made so on the way in. The raw text of a row stays in the file: it is looked up for the few that are
rejected or repaired.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb

from batch.errors import BatchError, InputError
from batch.inputs import Inputs
from sql import statement

# A line of so many characters is no record. It is cut before it is too long for the CSV reader.
LONGEST_LINE = 200_000
# Marks what is no text: bytes that are no UTF-8, and the one character that may not be in a line.
# It is a character that no text holds, so that a replacement character in a title is not taken for it.
_NO_TEXT = "\uffff"
_FORBIDDEN = "\x01"
# Stands for the part of a line that was cut out of it.
_CUT = "\ufffe"

codecs.register_error("mark", lambda error: (_NO_TEXT, cast("UnicodeDecodeError", error).end))


@dataclass(frozen=True)
class Columns:
    """The columns that a file must have, and those that it may have; others are passed over."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


RATINGS = Columns(required=("userId", "movieId"), optional=("rating", "timestamp"))
MOVIES = Columns(required=("movieId", "title", "genres"))
USERS = Columns(required=("userId",), optional=("gender", "age", "occupation"))
HIDDEN = Columns(required=("movieId",))


@dataclass(frozen=True)
class Source:
    """One input file, and where the raw text of its rows is to be had."""

    name: str
    path: Path  # a text file with a row a line, or the Parquet file itself
    is_text: bool


@dataclass(frozen=True)
class Loaded:
    """The files that were read, and which of the optional columns the ratings have."""

    ratings: Source
    movies: Source
    users: Source | None
    hidden: Source | None
    has_rating: bool
    has_timestamp: bool

    def sources(self) -> list[Source]:
        """Every file that was read."""
        sources = (self.ratings, self.movies, self.users, self.hidden)
        return [source for source in sources if source is not None]

    def remove_texts(self) -> None:
        """Remove the copies of text files, when no raw text is looked up any more."""
        for source in self.sources():
            if source.is_text:
                source.path.unlink()


def load(connection: duckdb.DuckDBPyConnection, inputs: Inputs, work: Path) -> Loaded:
    """Read every input file into a table: `rating_rows`, `movie_rows`, `user_rows` and `hidden_rows`.

    That of a file that is not there is empty. What does not parse is in `rejected_lines`. Raises InputError,
    with file, line or column, if a file is no such file or lacks a column.
    """
    prepare(connection)
    ratings, columns = load_file(connection, inputs.ratings, RATINGS, work, "load/rating_rows")
    if connection.execute("from input_rows where rows = 0").fetchone():
        raise InputError(f"{ratings.name}: has a header but no rows; check how it was exported")
    movies, users, hidden = load_others(connection, inputs.movies, inputs.users, inputs.hidden, work)
    return Loaded(ratings, movies, users, hidden, "rating" in columns, "timestamp" in columns)


def load_others(
    connection: duckdb.DuckDBPyConnection, movies: Path, users: Path | None, hidden: Path | None, work: Path
) -> tuple[Source, Source | None, Source | None]:
    """Do the same for everything but the ratings."""
    of_movies, _ = load_file(connection, movies, MOVIES, work, "load/movie_rows")
    for name in ("load/no_user_rows", "load/no_hidden_rows"):
        connection.execute(statement(name))
    of_users = of_hidden = None
    if users is not None:
        of_users, _ = load_file(connection, users, USERS, work, "load/user_rows")
    if hidden is not None:
        of_hidden, _ = load_file(connection, hidden, HIDDEN, work, "load/hidden_rows")
    return of_movies, of_users, of_hidden


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what reading a file needs: what values mean, and the tables of what is found beside rows."""
    for name in ("load/macros", "load/rejected_lines", "load/input_rows", "load/blank_lines"):
        connection.execute(statement(name))


def load_file(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Columns, work: Path, rows: str
) -> tuple[Source, set[str]]:
    """Make the table of the statement `rows` from one file; return it, and which known columns it has.

    Raises InputError as `load` does.
    """
    with _faults_named(file):
        if file.suffix.lower() == ".parquet":
            return _load_parquet(connection, file, columns, rows)
        return _load_csv(connection, file, columns, work, rows)


def _load_parquet(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Columns, rows: str
) -> tuple[Source, set[str]]:
    source = connection.read_parquet(str(file))
    names = known_names(file, source.columns, columns)
    for name, kind in zip(names, source.types, strict=True):
        if name and kind.id in ("list", "array", "struct", "map"):
            raise InputError(
                f"{file.name}: column {name} is a {kind.id}; write it as text (genres split by |)"
            )
    known = {name for name in names if name}
    connection.execute(
        statement("load/parquet_rows"),
        {"path": str(file), "columns": sorted(name.lower() for name in known)},
    )
    number = _make_rows(connection, connection.table("parquet_rows"), columns, known, rows)
    connection.execute("drop table parquet_rows")
    connection.execute(statement("load/rows_of_file"), {"file": file.name, "rows": number})
    return Source(file.name, file, is_text=False), known


def _load_csv(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Columns, work: Path, rows: str
) -> tuple[Source, set[str]]:
    text, records = work / f"{file.name}.text", work / f"{file.name}.records"
    header_line, header = copy_as_text(file, text, columns)
    names = known_names(file, [name.strip() for name in header], columns)
    known = {name for name in names if name}
    lines = {"path": str(text), "header_line": header_line, "longest_line": LONGEST_LINE}
    (written,) = connection.execute(
        statement("load/records"), {**lines, "records": str(records)}
    ).fetchone() or (0,)
    connection.execute(statement("load/other_lines"), lines)
    types = {"line": "bigint"} | {
        name or f"ignored_{position}": "varchar" for position, name in enumerate(names)
    }
    # In strict mode, what does not parse is recorded in `reject_errors`.
    parsed = connection.read_csv(
        str(records),
        columns=types,
        auto_detect=False,
        header=False,
        delimiter=",",
        quotechar='"',
        escapechar='"',
        comment="",
        lineterminator=duckdb.CSVLineTerminator.LINE_FEED,
        strict_mode=True,
        store_rejects=True,
    )
    number = _make_rows(connection, parsed, columns, known, rows)
    (rejected,) = connection.execute(statement("load/unparsed_lines"), {"file": file.name}).fetchone() or (0,)
    connection.execute(statement("load/blank_lines_of_file"), {"file": file.name})
    (others,) = connection.execute("select count(rule) from other_lines").fetchone() or (0,)
    if written + others != number + rejected:
        raise BatchError(
            f"{file.name}: of {written + others:,} rows {number:,} were read and {rejected:,} rejected, so "
            "some are lost; this is a bug: please report it"
        )
    connection.execute(statement("load/rows_of_file"), {"file": file.name, "rows": written + others})
    connection.execute("drop table reject_errors; drop table reject_scans; drop table other_lines")
    records.unlink()
    return Source(file.name, text, is_text=True), known


def _make_rows(
    connection: duckdb.DuckDBPyConnection,
    found: duckdb.DuckDBPyRelation,
    columns: Columns,
    known: set[str],
    rows: str,
) -> int:
    """Make the table of rows from what a reader finds, and return how many there are."""
    if known.issuperset(columns.optional):
        found.create_view("parsed_rows", replace=True)
    else:
        found.create_view("found_rows", replace=True)
        connection.execute(statement("load/completed_rows"))
    (number,) = connection.execute(statement(rows)).fetchone() or (0,)
    connection.execute("drop view parsed_rows; drop view if exists found_rows")
    return int(number)


def copy_as_text(file: Path, target: Path, columns: Columns) -> tuple[int, list[str]]:
    """Copy a CSV file as UTF-8 with newlines of one kind; return line and names of its header."""
    expected = ",".join(columns.required)
    with (
        _opened(file) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", errors="mark", newline=None) as source,
        target.open("w", encoding="utf-8", newline="\n") as copy,
    ):
        line = 1
        while (header := source.readline(LONGEST_LINE)).isspace():
            copy.write(header)
            line += 1
        if not header:
            raise InputError(f"{file.name}: is empty; expected a header line with {expected}")
        if len(header) == LONGEST_LINE:
            raise InputError(f"{file.name}, line {line}: is too long; expected a header line with {expected}")
        if _NO_TEXT in header or "\0" in header:
            raise InputError(
                f"{file.name}, line {line}: is no text in UTF-8; expected a header line with {expected}"
            )
        copy.write(header)
        while chunk := source.read(LONGEST_LINE):
            is_one_line = len(chunk) == LONGEST_LINE and "\n" not in chunk
            copy.write(_CUT if is_one_line else chunk.replace(_FORBIDDEN, _NO_TEXT))
    return line, next(csv.reader([header]))


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix.lower() == ".gz" else file.open("rb")


def known_names(file: Path, header: list[str], columns: Columns) -> list[str]:
    """Return, for each column of the file, its name in our spelling, or "" if it is none of ours."""
    spelling = {name.lower(): name for name in (*columns.required, *columns.optional)}
    names = [spelling.get(name.lower(), "") for name in header]
    for name in columns.required:
        if name not in names:
            found = ", ".join(header)
            raise InputError(f"{file.name}: has no column {name}; found {found[:200]}; add it")
    for name in spelling.values():
        if names.count(name) > 1:
            raise InputError(f"{file.name}: has the column {name} twice; keep one of them")
    return names


@contextmanager
def _faults_named(file: Path) -> Iterator[None]:
    """Turn what a reader says about a damaged file into an InputError that names it."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{file.name}: is damaged ({error}); copy or export it again") from error
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file.name}: can't be read ({reason}); copy or export it again") from error

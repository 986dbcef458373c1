"""Load: the input files become tables, each row with its line number and its values.

CSV is read by DuckDB's reader in strict mode, which records what does not parse. That reader counts no
lines for the rows that do parse, so each line is first numbered, as text, and carries its number through
the reader. The raw text of a row stays in the copy of `text.py`: it is looked up for the few that are
rejected or repaired. A Parquet file is copied as it is: what is read several times must not change meanwhile.
"""

import gzip
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from batch.data.columns import HIDDEN, MOVIES, RATINGS, USERS, Columns, ignored, known_names
from batch.data.inputs import BYTES_AT_A_TIME, Snapshot, verified
from batch.data.text import MAX_LINE_LENGTH, copy_as_text
from batch.errors import BatchError, InputError
from sql import statement

# So many ignored columns are named.
MAX_IGNORED_NAMED = 20


RELATIONS = (
    "rating_rows", "movie_rows", "user_rows", "hidden_rows", "input_rows", "blank_lines", "rejected_lines",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One input file, and where the raw text of its rows is to be had."""

    name: str
    path: Path  # of a copy: a text file with a row a line, or a Parquet file
    is_text: bool
    ignored: tuple[str, ...] = ()  # columns that mean nothing to us


@dataclass(frozen=True)
class Loaded:
    """The rows of the input as relations, the files that they are from, and the columns that these have.

    A row has its line in the file, and null for a missing value. A file that is missing has no rows.
    """

    connection: duckdb.DuckDBPyConnection  # the database that holds the relations
    rating_rows: duckdb.DuckDBPyRelation  # line, user_id, item_id, rating, rated_at
    movie_rows: duckdb.DuckDBPyRelation  # line, item_id, title, genres
    user_rows: duckdb.DuckDBPyRelation  # line, user_id, gender, age, occupation
    hidden_rows: duckdb.DuckDBPyRelation  # line, item_id
    input_rows: duckdb.DuckDBPyRelation  # file, rows: how many each file has
    blank_lines: duckdb.DuckDBPyRelation  # file, line
    rejected_lines: duckdb.DuckDBPyRelation  # file, line, rule, user_id: lines that do not parse
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

    def remove_copies(self) -> None:
        """Remove the copies of the files, when no raw text is looked up any more."""
        for source in self.sources():
            source.path.unlink()


def load(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, work: Path) -> Loaded:
    """Read every input file into a table of the database; `work` holds copies of them.

    Raises InputError, with file, line or column, if a file has another format, lacks a column, or is not as
    in the snapshot.
    """
    prepare(connection)
    inputs = snapshot.inputs
    ratings, columns = load_file(
        connection, inputs.ratings, RATINGS, work, "load/rating_rows", snapshot.digest_of(inputs.ratings)
    )
    stop_without_rows(connection, ratings.name)
    movies, users, hidden = load_others(
        connection, inputs.movies, inputs.users, inputs.hidden, work, snapshot.digest_of
    )
    return loaded(
        connection,
        (ratings, movies, users, hidden),
        has_rating="rating" in columns,
        has_timestamp="timestamp" in columns,
    )


def loaded(
    connection: duckdb.DuckDBPyConnection,
    sources: tuple[Source, Source, Source | None, Source | None],
    *,
    has_rating: bool,
    has_timestamp: bool,
) -> Loaded:
    """Return the relations of a database into which every file was read."""
    ratings, movies, users, hidden = sources
    return Loaded(
        connection,
        **{name: connection.table(name) for name in RELATIONS},
        ratings=ratings,
        movies=movies,
        users=users,
        hidden=hidden,
        has_rating=has_rating,
        has_timestamp=has_timestamp,
    )


def load_others(  # noqa: PLR0913, PLR0917 (the files, where to, and what they must be)
    connection: duckdb.DuckDBPyConnection,
    movies: Path,
    users: Path | None,
    hidden: Path | None,
    work: Path,
    digest_of: Callable[[Path], str | None] = lambda _file: None,
) -> tuple[Source, Source | None, Source | None]:
    """Do the same for everything but the ratings."""

    def load_if_there(file: Path | None, columns: Columns, rows: str) -> Source | None:
        return load_file(connection, file, columns, work, rows, digest_of(file))[0] if file else None

    of_movies, _ = load_file(connection, movies, MOVIES, work, "load/movie_rows", digest_of(movies))
    stop_without_rows(connection, of_movies.name)
    connection.execute(statement("load/no_rows"))
    of_users = load_if_there(users, USERS, "load/user_rows")
    return of_movies, of_users, load_if_there(hidden, HIDDEN, "load/hidden_rows")


def stop_without_rows(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Raise InputError if a file that was read has no rows."""
    if connection.execute("from input_rows where file = $file and rows = 0", {"file": file}).fetchall():
        raise without_rows(file)


def without_rows(file: str) -> InputError:
    """Return the error of a file that has a header alone."""
    return InputError(f"{file}: has a header but no rows; check how it was exported")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what reading a file needs: what values mean, and the tables of what is found beside rows."""
    for name in ("load/ids", "load/macros", "load/tables"):
        connection.execute(statement(name))


def load_file(  # noqa: PLR0913, PLR0917 (the file, where to, and what it must be)
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    columns: Columns,
    work: Path,
    rows: str,
    digest: str | None = None,
) -> tuple[Source, set[str]]:
    """Make the table of the statement `rows` from one file; return it, and which known columns it has.

    `digest` is the SHA-256 that the file must have; None for a file in `work`, to which nobody else writes.
    Raises InputError as `load` does.
    """
    with _faults_named(file):
        if file.suffix.lower() == ".parquet":
            path = file if digest is None else _copied(file, work / file.name, digest)
            return _load_parquet(connection, path, columns, rows)
        return _load_csv(connection, file, columns, work, rows, digest)


def _copied(file: Path, target: Path, digest: str) -> Path:
    with verified(file, digest) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, BYTES_AT_A_TIME)
    return target


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
    return Source(file.name, file, is_text=False, ignored=ignored(source.columns, names)), known


def _load_csv(  # noqa: PLR0913, PLR0917 (the file, where to, and what it must be)
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    columns: Columns,
    work: Path,
    rows: str,
    digest: str | None,
) -> tuple[Source, set[str]]:
    text, records = work / f"{file.name}.text", work / f"{file.name}.records"
    header_line, header = copy_as_text(file, text, columns.required, digest)
    header = [name.strip() for name in header]
    names = known_names(file, header, columns)
    known = {name for name in names if name}
    lines = {"path": str(text), "header_line": header_line, "longest_line": MAX_LINE_LENGTH}
    ((written,),) = connection.execute(
        statement("load/records"), {**lines, "records": str(records)}
    ).fetchall()
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
    ((rejected,),) = connection.execute(statement("load/unparsed_lines"), {"file": file.name}).fetchall()
    connection.execute(statement("load/blank_lines_of_file"), {"file": file.name})
    ((others,),) = connection.execute("select count(rule) from other_lines").fetchall()
    if written + others != number + rejected:
        raise BatchError(
            f"{file.name}: of {written + others:,} rows {number:,} were read and {rejected:,} rejected, so "
            "some are lost; this is a bug: please report it"
        )
    connection.execute(statement("load/rows_of_file"), {"file": file.name, "rows": written + others})
    connection.execute("drop table reject_errors; drop table reject_scans; drop table other_lines")
    records.unlink()
    return Source(file.name, text, is_text=True, ignored=ignored(header, names)), known


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
    ((number,),) = connection.execute(statement(rows)).fetchall()
    connection.execute("drop view parsed_rows; drop view if exists found_rows")
    return int(number)


def ignored_columns(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a line for each file that has columns which mean nothing to us."""
    for source in sources:
        if source.ignored:
            names = [name or "(without a name)" for name in source.ignored[:MAX_IGNORED_NAMED]]
            more = len(source.ignored) - len(names)
            names += [f"and {more:,} more"] if more else []
            yield f"{source.name}: ignores the columns {', '.join(names)}"


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

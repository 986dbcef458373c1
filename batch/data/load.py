"""Load: the input files become tables, each row with its line number and its values, as the spec says."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import zstandard
from duckdb import CaseExpression, ConstantExpression, Expression, FunctionExpression

from batch.data.input_spec import Column, Columns, InputSpec, ItemFiles
from batch.data.inputs import InputTable, Snapshot
from batch.data.readers import ColumnsError, Reading, Source, read
from batch.errors import BatchError, InputError
from sql import statement

# So many ignored columns are named.
MAX_IGNORED_NAMED = 20
# The attribute of an item that is the address of a picture.
IMAGE = "image"

RELATIONS = (
    "rating_rows", "movie_rows", "user_rows", "hidden_rows", "input_rows", "blank_lines", "rejected_lines",
)  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """The rows of the input as relations, the files that they are from, and what their columns mean.

    A row has its line in its table, and null for a missing value. A file that is missing has no rows.
    """

    connection: duckdb.DuckDBPyConnection  # the database that holds the relations
    rating_rows: duckdb.DuckDBPyRelation  # line, user_id, item_id, rating, rated_at, event
    movie_rows: duckdb.DuckDBPyRelation  # line, item_id, title, genres, year, attributes
    user_rows: duckdb.DuckDBPyRelation  # line, user_id, attributes
    hidden_rows: duckdb.DuckDBPyRelation  # line, item_id
    input_rows: duckdb.DuckDBPyRelation  # file, rows: how many each table has
    blank_lines: duckdb.DuckDBPyRelation  # file, line
    rejected_lines: duckdb.DuckDBPyRelation  # file, line, rule, user_id: lines that do not parse
    spec: InputSpec
    ratings: Source
    movies: Source | None
    users: Source | None
    hidden: Source | None

    def by_content(self) -> dict[str, Source]:
        """Every table that was read, by what it has."""
        sources = {
            "interactions": self.ratings,
            "items": self.movies,
            "users": self.users,
            "hidden": self.hidden,
        }
        return {content: source for content, source in sources.items() if source is not None}

    def sources(self) -> list[Source]:
        """Every table that was read."""
        return list(self.by_content().values())

    def remove_copies(self) -> None:
        """Remove the copies of the files, when no raw text is looked up any more."""
        for source in self.sources():
            for path in source.paths:
                path.unlink()


def load(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, work: Path) -> Loaded:
    """Read every input file into a table of the database; `work` holds copies of them.

    Raises InputError, with file, line or column, if a file has another format, lacks columns, or is not as
    in the snapshot. Columns that are missing in several files are named together.
    """
    inputs = snapshot.inputs
    prepare(connection, inputs.spec)
    digests = {path: content.digest for path, content in snapshot.contents.items()}
    tables = inputs.movies, inputs.users, inputs.hidden
    with _all_columns_checked() as checked:
        with checked():
            ratings = load_ratings(connection, inputs.spec, inputs.ratings, work, digests)
            stop_without_rows(connection, ratings.name)
        with checked():
            others = load_others(connection, inputs.spec, tables, work, digests)
    return loaded(connection, inputs.spec, (ratings, *others))


def loaded(
    connection: duckdb.DuckDBPyConnection,
    spec: InputSpec,
    sources: tuple[Source, Source | None, Source | None, Source | None],
) -> Loaded:
    """Return the relations of a database into which every file was read."""
    ratings, movies, users, hidden = sources
    return Loaded(
        connection,
        **{name: connection.table(name) for name in RELATIONS},
        spec=spec,
        ratings=ratings,
        movies=movies,
        users=users,
        hidden=hidden,
    )


def load_ratings(
    connection: duckdb.DuckDBPyConnection,
    spec: InputSpec,
    table: InputTable,
    work: Path,
    digests: Mapping[Path, str],
) -> Source:
    """Read the interactions."""
    columns = {
        "user_id": spec.interactions.user,
        "item_id": spec.interactions.item,
        "rating": spec.value.column if spec.value else None,
        "rated_at": spec.time.column if spec.time else None,
        "event": spec.event.column if spec.event else None,
    }
    return load_table(connection, table, columns, {}, work, "rating_rows", digests)


def load_others(
    connection: duckdb.DuckDBPyConnection,
    spec: InputSpec,
    tables: tuple[InputTable | None, InputTable | None, InputTable | None],
    work: Path,
    digests: Mapping[Path, str],
) -> tuple[Source | None, Source | None, Source | None]:
    """Do the same for everything but the interactions."""
    movies, users, hidden = tables
    of_movies = of_users = of_hidden = None
    with _all_columns_checked() as checked:
        if movies and spec.items:
            with checked():
                of_movies = _load_items(connection, spec.items, movies, work, digests)
                stop_without_rows(connection, of_movies.name)
        if users and spec.users:
            columns, attributes = {"user_id": spec.users.id}, spec.users.attributes
            with checked():
                of_users = load_table(connection, users, columns, attributes, work, "user_rows", digests)
        if hidden and spec.hidden:
            columns = {"item_id": spec.hidden.id}
            with checked():
                of_hidden = load_table(connection, hidden, columns, {}, work, "hidden_rows", digests)
    return of_movies, of_users, of_hidden


def _load_items(
    connection: duckdb.DuckDBPyConnection,
    items: ItemFiles,
    table: InputTable,
    work: Path,
    digests: Mapping[Path, str],
) -> Source:
    columns = {"item_id": items.id, "title": items.title, "genres": items.genres, "year": items.year}
    image: Columns = {IMAGE: items.image} if items.image else {}
    attributes = {**items.attributes, **image}
    return load_table(connection, table, columns, attributes, work, "movie_rows", digests, items)


@contextmanager
def _all_columns_checked() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Give what keeps faults of columns until the end of the body, to name those of all tables at once."""
    faults: list[str] = []

    @contextmanager
    def checked() -> Iterator[None]:
        try:
            yield
        except ColumnsError as error:
            faults.append(str(error))

    try:
        yield checked
    except InputError as error:
        raise InputError("\n".join([*faults, str(error)])) from error
    if faults:
        raise ColumnsError("\n".join(faults))


def stop_without_rows(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Raise InputError if a file that was read has no rows."""
    if connection.execute("from input_rows where file = $file and rows = 0", {"file": file}).fetchall():
        raise without_rows(file)


def without_rows(file: str) -> InputError:
    """Return the error of a file that has a header alone."""
    return InputError(f"{file}: has a header but no rows; check how it was exported")


def prepare(connection: duckdb.DuckDBPyConnection, spec: InputSpec) -> None:
    """Make what reading a file needs: what values mean, and the tables of what is found beside rows."""
    value, time = spec.value, spec.time
    meanings = {
        "decimal": spec.interactions.decimal,
        "value_kind": value.kind if value else None,
        "lowest": spec.scale[0] if spec.scale else None,
        "highest": spec.scale[1] if spec.scale else None,
        "min_positive": value.min_positive if value else None,
        "unrated": list(value.unrated) if value else None,
        "has_events": spec.event is not None,
        "event_names": list(spec.event.kinds) if spec.event else None,
        "event_weights": [_weight(each) for each in spec.event.kinds.values()] if spec.event else None,
        "time_format": time.format if time else None,
        "time_zone": time.zone if time else None,
        "decimal_of_items": spec.items.decimal if spec.items else None,
        "decimal_of_users": spec.users.decimal if spec.users else None,
        "genre_separator": spec.items.genre_separator if spec.items else None,
    }
    for name, meaning in meanings.items():
        connection.execute(f"set variable {name} = $meaning", {"meaning": meaning})
    connection.execute("set timezone = 'UTC'")
    for name in ("load/ids", "load/macros", "load/weights", "load/attributes", "load/tables"):
        connection.execute(statement(name))


# What stands for kinds of events that have no weight of their own.
WEIGHT_OF_WORD = {"ignore": None, "negative": -1.0}


def _weight(weight: float | str) -> float | None:
    return WEIGHT_OF_WORD[weight] if isinstance(weight, str) else weight


def load_table(  # noqa: PLR0913, PLR0917 (the table, where to, and what it must be)
    connection: duckdb.DuckDBPyConnection,
    table: InputTable,
    columns: Mapping[str, Column | None],
    attributes: Columns,
    work: Path,
    rows: str,
    digests: Mapping[Path, str],
    items: ItemFiles | None = None,
) -> Source:
    """Make the table of the statement `rows` from the files of one table of the input.

    `digests` are the SHA-256 that the files must have; none for those to which nobody else writes. Raises
    InputError as `load` does.
    """
    with _faults_named(table):
        reading, source = read(connection, table, work, digests, rows)
        wanted = [column for column in (*columns.values(), *attributes.values()) if column is not None]
        wanted += items.genre_flags.values() if items else []
        reading.stop_without(wanted, table.name)
        values = {
            name: reading.id_value(column, table.name) if name.endswith("_id") else reading.value(column)
            for name, column in columns.items()
        }
        if items and items.genre_flags:
            values["genres"] = _genres_of_flags(reading, items)
        if rows in ("movie_rows", "user_rows"):
            values["attributes"] = _attributes(reading, attributes)
        parsed = reading.rows.select("line", *(value.alias(name) for name, value in values.items()))
        parsed.create_view("parsed_rows")
        ((number,),) = connection.execute(statement(f"load/{rows}")).fetchall()
        connection.execute("drop view parsed_rows")
        if source.is_text:
            number = _with_other_lines(connection, table.name, int(number), reading)
    connection.execute(statement("load/rows_of_file"), {"file": table.name, "rows": number})
    places = {reading.position(column) for column in wanted}
    ignored = tuple(name for place, name in enumerate(reading.names) if place not in places)
    return replace(source, ignored=ignored)


def _genres_of_flags(reading: Reading, items: ItemFiles) -> Expression:
    """Return the genres whose columns are 1, as one text."""
    flags = [
        CaseExpression(reading.value(column) == ConstantExpression("1"), ConstantExpression(genre))
        for genre, column in items.genre_flags.items()
    ]
    separator = ConstantExpression(items.genre_separator)
    return FunctionExpression("array_to_string", FunctionExpression("list_value", *flags), separator)


def _attributes(reading: Reading, attributes: Columns) -> Expression:
    """Return a map from the name of each attribute to its text."""
    if not attributes:
        return ConstantExpression(None).cast("map(varchar, varchar)")
    names = FunctionExpression("list_value", *map(ConstantExpression, attributes))
    values = [reading.value(column) for column in attributes.values()]
    return FunctionExpression("map", names, FunctionExpression("list_value", *values))


def _with_other_lines(connection: duckdb.DuckDBPyConnection, file: str, rows: int, reading: Reading) -> int:
    """Record the lines that are no rows, and return how many lines there are but blank ones.

    Raises BatchError if some are lost.
    """
    rejected = 0
    if reading.records:
        ((rejected,),) = connection.execute(statement("load/unparsed_lines"), {"file": file}).fetchall()
        connection.execute("drop table reject_errors; drop table reject_scans")
        reading.records.unlink()
        if reading.lines != rows + rejected:
            raise BatchError(
                f"{file}: of {reading.lines:,} rows {rows:,} were read and {rejected:,} rejected, so some "
                "are lost; this is a bug: please report it"
            )
    ((others,),) = connection.execute(statement("load/rejected_other_lines"), {"file": file}).fetchall()
    connection.execute(statement("load/blank_lines_of_file"), {"file": file})
    connection.execute("drop table other_lines")
    return rows + int(rejected) + int(others)


def ignored_columns(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a line for each file that has columns which mean nothing to us."""
    for source in sources:
        if source.ignored:
            names = [name or "(without a name)" for name in source.ignored[:MAX_IGNORED_NAMED]]
            more = len(source.ignored) - len(names)
            names += [f"and {more:,} more"] if more else []
            yield f"{source.name}: ignores the columns {', '.join(names)}"


@contextmanager
def _faults_named(table: InputTable) -> Iterator[None]:
    """Turn what a reader says about a damaged file into an InputError that names it."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise InputError(f"{table.name}: is damaged ({error}); copy or export it again") from error
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{table.name}: can't be read ({reason}); copy or export it again") from error

"""Reader: opens published files, and returns what they say of themselves and of movies."""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from batch.errors import BatchError
from batch.generation.output_folder import Output
from sql import statement

Row = dict[str, Any]  # by column


class Noun(NamedTuple):
    """What an item is called: one, and several."""

    one: str = "movie"
    several: str = "movies"


def open_generation(file: Path, before: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a published file read-only, cut off from other files but for an older one, attached as `before`.

    Raises BatchError if one is damaged.
    """
    if before is not None:
        open_generation(before).close()
    try:
        connection = duckdb.connect(str(file), read_only=True)
        if before is not None:
            connection.execute("attach $file as before (read_only)", {"file": str(before)})
        connection.execute("set enable_external_access = false; set lock_configuration = true")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise BatchError(
            f"{file}: can't be opened ({reason}); go to another generation by 'python -m batch rollback ID'"
        ) from error
    return connection


@contextmanager
def named_errors(*files: Path) -> Iterator[None]:
    """Raise a BatchError that names the files if one is damaged, or of another version of the program."""
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        if isinstance(error, (duckdb.CatalogException, duckdb.BinderException)):
            fault = f"not what this version of the program writes ({reason})"
        # DuckDB has no class of its own for it.
        elif "Corrupt database file" in str(error):
            fault = f"damaged ({reason})"
        else:
            raise
        raise BatchError(
            f"{' and '.join(map(str, files))}: {fault}; go to another generation by "
            "'python -m batch rollback ID', or make one by 'python -m batch run'"
        ) from error


@contextmanager
def attached(**files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach files read-only by these names. Raises BatchError if one is damaged, or of another version."""
    # What does not fit into memory goes to a folder that anybody may write to: the output may be another's.
    with (
        tempfile.TemporaryDirectory() as spill,
        duckdb.connect(config={"temp_directory": spill}) as connection,
    ):
        for name, file in files.items():
            open_generation(file).close()
            connection.execute(f"attach $file as {name} (read_only)", {"file": str(file)})
        with named_errors(*files.values()):
            yield connection


def rows_of(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[Row]:
    """Return what a statement of `sql/` returns."""
    return connection.sql(statement(name), params=values).to_dicts()


def about(connection: duckdb.DuckDBPyConnection, *columns: str, table: str = "generation") -> tuple[Any, ...]:
    """Return columns of the one row of `generation`. Raises duckdb.Error if an older version wrote others."""
    (row,) = connection.table(table).project(", ".join(columns)).fetchall()
    return tuple(row)


def noun_of(connection: duckdb.DuckDBPyConnection, table: str = "generation") -> Noun:
    """Return what the items of a generation are called; movies, if an older version wrote it."""
    if "noun" not in connection.table(table).columns:
        return Noun()
    ((noun,),) = connection.table(table).project("noun").fetchall()
    return Noun(*noun) if noun else Noun()


def metrics_of(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], float | None]:
    """Return the metrics of a generation, by metric and model; None for what has no value."""
    found = connection.table("metrics").project("metric, model, value").fetchall()
    return {(metric, model): value for metric, model, value in found}


def find_items(file: Path, item_ids: Collection[str]) -> list[Row]:
    """Return `item_id` and `title` of those movies that exist, and whether each `is_shown` in lists."""
    with open_generation(file) as connection, named_errors(file):
        return rows_of(connection, "find/items", item_ids=[*item_ids])


def similar_ids(file: Path, text: str) -> list[Row]:
    """Return `item_id` and `title` of movies whose id or title resembles a text."""
    with open_generation(file) as connection, named_errors(file):
        return rows_of(connection, "find/similar_ids", text=text)


def generations(output: Output) -> list[Row]:
    """Return a summary of each generation in the folder, newest first.

    `state` is `published`, `rolled back` or `kept`, with `, damaged` added if it can't be opened.
    """
    current, rolled_back = output.current(), output.rolled_back()
    rows = []
    for generation in reversed(output.generations()):
        file = output.file(generation)
        state = "rolled back" if generation in rolled_back else "kept"
        row = {
            "generation": generation,
            "state": "published" if generation == current else state,
            "bytes": file.stat().st_size,
        }
        try:
            rows.append(row | _summary(file))
        except (BatchError, duckdb.Error):
            rows.append(row | {"state": f"{row['state']}, damaged"})
    return rows


def _summary(file: Path) -> Row:
    columns = ("made_by", "finished_at", "users", "items", "rows_kept", "rows_rejected", "top_n")
    with open_generation(file) as connection:
        *values, overridden = about(connection, *columns, "overridden")
        ndcg = metrics_of(connection).get(("ndcg@10", "embedding"))
    summary = dict(zip(columns, values, strict=True))
    return summary | {
        "finished_at": summary["finished_at"].replace(microsecond=0),
        "ndcg_10": None if ndcg is None else round(ndcg, 4),
        "overridden": len(overridden),
    }

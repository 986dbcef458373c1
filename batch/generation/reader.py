"""Generations: what is published, and what could be again."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from batch.errors import BatchError
from batch.generation.store import Output
from sql import statement


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
    """Turn into a BatchError that a generation is damaged, or of another version of the program."""
    names = " and ".join(map(str, files))
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise BatchError(
            f"{names}: not what this version of the program writes ({str(error).splitlines()[0]}); "
            "go to another generation by 'python -m batch rollback ID', or make one by 'python -m batch run'"
        ) from error
    except duckdb.Error as error:
        # DuckDB has no class of its own for it.
        if "Corrupt database file" not in str(error):
            raise
        raise BatchError(
            f"{names}: damaged ({str(error).splitlines()[0]}); "
            "go to another generation by 'python -m batch rollback ID', or make one by 'python -m batch run'"
        ) from error


def shown_items(file: Path, item_ids: Collection[str]) -> list[str]:
    """Return which of these movies may be in the lists of a generation."""
    with open_generation(file) as connection, named_errors(file):
        found = connection.execute(statement("generations/shown_items"), {"item_ids": list(item_ids)})
        return [item_id for (item_id,) in found.fetchall()]


def find_item(file: Path, item_id: str) -> tuple[str, bool] | None:
    """Return the title of a movie, and whether it may be in a list; None if there is no such movie."""
    with open_generation(file) as connection, named_errors(file):
        return connection.execute(statement("generations/find_item"), {"item_id": item_id}).fetchone()


def similar_ids(file: Path, text: str) -> list[tuple[str, str]]:
    """Return ids and titles of movies that may be meant by a text that is the id of none."""
    with open_generation(file) as connection, named_errors(file):
        return connection.execute(statement("generations/similar_ids"), {"text": text}).fetchall()


def generations(output: Output) -> list[dict[str, Any]]:
    """Return what each generation in the folder is, newest first.

    `state` is `published`, `rolled back` or `kept`, with `, damaged` added if it can't be opened.
    """
    current = output.current()
    taken_back = output.rolled_back()
    rows = []
    for generation in reversed(output.generations()):
        if generation == current:
            state = "published"
        elif generation in taken_back:
            state = "rolled back"
        else:
            state = "kept"
        rows.append(_summary(output, generation, state))
    return rows


def _summary(output: Output, generation: str, state: str) -> dict[str, Any]:
    file = output.file(generation)
    row: dict[str, Any] = {"generation": generation, "state": state, "bytes": file.stat().st_size}
    try:
        with open_generation(file) as connection:
            found = connection.execute(statement("generations/summary"))
            names = [column[0] for column in found.description or ()]
            return row | dict(zip(names, found.fetchone() or (), strict=True))
    except (BatchError, duckdb.Error):
        return row | {"state": f"{state}, damaged"}

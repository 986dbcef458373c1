"""Generations: what is published, and what could be again."""

from pathlib import Path
from typing import Any

import duckdb

from batch.errors import BatchError
from batch.output import Output
from sql import statement


def open_generation(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a published file read-only, cut off from other files. Raises BatchError if it is damaged."""
    try:
        return duckdb.connect(
            str(file),
            read_only=True,
            config={"enable_external_access": False, "lock_configuration": True},
        )
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise BatchError(
            f"{file}: can't be opened ({reason}); go to another generation by 'python -m batch rollback ID'"
        ) from error


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

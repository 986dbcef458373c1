"""Workspace: the database in which the job works; it lies in a folder that is removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from batch.settings import Settings

MEMORY_AT_REST = "200MB"


def connect(folder: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open a new database in a folder; what does not fit into its share of memory stays on disk there.

    Line numbers rest on the order in which a reader yields rows: DuckDB keeps it by default, and must.
    """
    return duckdb.connect(
        str(folder / "job.duckdb"),
        config={
            "memory_limit": _limit(settings),
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": True,
        },
    )


@contextmanager
def at_rest(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Leave the memory of the database to others; what it held is read again from disk when it is needed."""
    connection.execute("set memory_limit = $limit", {"limit": MEMORY_AT_REST})
    yield
    connection.execute("set memory_limit = $limit", {"limit": _limit(settings)})


def _limit(settings: Settings) -> str:
    return f"{settings.memory_gb}GB"

"""Workspace: the database in which the job works; it lies in a folder that is removed."""

from pathlib import Path

import duckdb

from batch.settings import Settings


def connect(folder: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open a new database in a folder; what does not fit into its share of memory stays on disk there.

    That rows keep the order in which they were written is what line numbers rest on, and the order of
    histories and lists; it is DuckDB's default, and must stay so.
    """
    return duckdb.connect(
        str(folder / "job.duckdb"),
        config={
            "memory_limit": f"{settings.memory_gb}GB",
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": True,
        },
    )

"""The look-up service as it would be without its one idea: a query of its own for each request, at once.

`benchmarks/serve.py` compares ours with it. Application, statements and file are the same.
"""

import os
from pathlib import Path
from typing import Any

import duckdb
from starlette.types import ASGIApp

from api import lookup
from api.app import make_app
from api.lookup import Lookup
from api.settings import Settings
from sql import statement


class OneByOne(Lookup):
    """Looks up one user, or movie, in a query."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        super().__init__(connection, name)
        self._file, self._text = connection, statement(f"lookups/{name}")

    async def find(self, each_id: str) -> tuple[Any, ...] | None:
        """Return the other columns for an id, if it is known."""
        with self._file.cursor() as cursor:
            row = cursor.execute(self._text, {self._parameter: [each_id]}).fetchone()
        return None if row is None else row[1:]


def app() -> ASGIApp:
    """Return the application for the folder that `OUTPUT` names in the environment, for uvicorn."""
    # By this name the service makes its look-ups; were it another one, ours would be compared with itself.
    assert lookup.Lookup is Lookup
    lookup.Lookup = OneByOne  # type: ignore[misc]
    return make_app(Settings(output=Path(os.environ["OUTPUT"])))

"""The look-up service as it would be without its one idea: a query of its own for each request, at once.

`benchmarks/serve.py` compares ours with it. Application, statements and file are the same.
"""

import os
from pathlib import Path

import duckdb
from starlette.types import ASGIApp

from api import generation
from api.app import make_app
from api.lookup import Lookup
from api.settings import Settings
from sql import statement


class OneByOne(Lookup):
    """Looks up one user in a query."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        super().__init__(connection, name)
        self._file, self._text = connection, statement(f"lookups/{name}")

    async def find(self, user_id: str) -> str | None:
        """Return the text for a user, if there is one."""
        with self._file.cursor() as cursor:
            row = cursor.execute(self._text, {"user_ids": [user_id]}).fetchone()
        return None if row is None else str(row[1])


def app() -> ASGIApp:
    """Return the application for the folder that `OUTPUT` names in the environment, for uvicorn."""
    # By this name the service makes its look-ups; were it another one, ours would be compared with itself.
    assert generation.Lookup is Lookup  # type: ignore[attr-defined]
    generation.Lookup = OneByOne  # type: ignore[attr-defined]
    return make_app(Settings(output=Path(os.environ["OUTPUT"])))

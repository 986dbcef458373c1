"""Query: SQL on the published generation, read-only."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from batch.errors import UsageError
from batch.generations import open_generation
from sql import FOLDER, statement


@dataclass(frozen=True)
class Answer:
    """Names of the columns, and the rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def saved_queries() -> dict[str, str]:
    """Return what each query in `sql/queries/` returns, by name."""
    names = sorted(file.stem for file in (FOLDER / "queries").glob("*.sql"))
    return {name: statement(f"queries/{name}").splitlines()[0].removeprefix("-- ") for name in names}


def query(file: Path, text: str) -> Answer:
    """Run a query, or the saved one of that name, on a generation.

    Raises UsageError if the query is wrong, or would write.
    """
    if text in saved_queries():
        text = statement(f"queries/{text}")
    with open_generation(file) as connection:
        try:
            found = connection.execute(text)
            if found is None or found.description is None:
                raise UsageError("sql: the query is empty")
            return Answer([column[0] for column in found.description], found.fetchall())
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            if re.fullmatch(r"\w+", text):
                raise UsageError(f"sql: no saved query {text}; 'python -m batch sql' lists them") from error
            raise UsageError(f"sql: {error}") from error

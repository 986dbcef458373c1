"""Query: SQL on a published generation, read-only, with the generation before beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from batch.errors import UsageError
from batch.generation.reader import open_generation
from sql import FOLDER, statement


@dataclass(frozen=True)
class Answer:
    """Names of the columns, and the rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def saved_queries() -> dict[str, str]:
    """Return the question that each query in `sql/inspect/` answers, by name."""
    names = sorted(file.stem for file in (FOLDER / "inspect").glob("*.sql"))
    return {name: statement(f"inspect/{name}").splitlines()[0].removeprefix("-- ") for name in names}


def query(
    file: Path, text: str, values: Mapping[str, str] | None = None, before: Path | None = None
) -> Answer:
    """Run a query, or the saved one of that name, on a generation.

    `values` are those of its parameters; what a saved query is not given is null. Where the query asks for
    `before`, that is the generation there. Raises UsageError if the query is wrong, or would write, or the
    values are not those of its parameters, or it asks for a generation before and there is none.
    """
    is_saved = text in saved_queries()
    if is_saved:
        text = statement(f"inspect/{text}")
    asks_for_before = re.search(r"\bbefore\s*\.", text) is not None
    if asks_for_before and before is None:
        raise UsageError("sql: the query compares with the generation before, and there is none")
    with open_generation(file, before=before if asks_for_before else None) as connection:
        try:
            found = connection.execute(text, _bound(text, values or {}, may_miss=is_saved) or None)
            if found.description is None:
                raise UsageError("sql: the query is empty")
            return Answer([column[0] for column in found.description], found.fetchall())
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            if re.fullmatch(r"\w+", text):
                raise UsageError(f"sql: no saved query {text}; 'python -m batch sql' lists them") from error
            raise UsageError(f"sql: {error}") from error


def _bound(text: str, values: Mapping[str, str], *, may_miss: bool) -> dict[str, str | None]:
    """Return a value for each parameter of the query. Raises UsageError where names differ."""
    statements = duckdb.extract_statements(text)
    if not statements:
        raise UsageError("sql: the query is empty")
    parameters = statements[-1].named_parameters
    unknown = [name for name in values if name not in parameters]
    missing = [] if may_miss else sorted(parameters - {*values})
    if unknown:
        there = ", ".join(sorted(parameters)) or "none"
        raise UsageError(f"sql: the query has no parameter {unknown[0]}; there is {there}")
    if missing:
        raise UsageError(f"sql: the query has a parameter {missing[0]}; give it by {missing[0]}=VALUE")
    return {name: values.get(name) for name in parameters}

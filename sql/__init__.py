"""The statements that both halves speak: one file per result, read by name."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """Return the text of `sql/<name>.sql`, for example `statement("lookups/histories")`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def named(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the values that the statement of that name has a parameter for."""
    parameters = duckdb.extract_statements(statement(name))[-1].named_parameters
    return {key: value for key, value in values.items() if key in parameters}

"""What both halves share: statements, one file per result and read by name, and what DuckDB can open."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).parent


# DuckDB ends the path of a file at the first, and takes the second for a slash.
MISREAD = ("?", "\\")


def openable(folder: Path) -> Path:
    """Return the path by which DuckDB opens files in a folder. Raises ValueError, which says why, if none."""
    # At the beginning of a path it takes `name:` for an extension, and `~` for the folder of a user.
    first = folder.parts[0] if folder.parts else ""
    path = folder.absolute() if ":" in first or first.startswith("~") else folder
    # It makes each path absolute, and follows links.
    for text in (str(folder.absolute()), os.path.realpath(folder)):
        shown = os.fsencode(text).decode("utf-8", "backslashreplace")
        for character in MISREAD:
            if character in text:
                raise ValueError(
                    f"{shown} has a {character} in it, which DuckDB misreads; name another folder"
                )
        if shown != text:
            raise ValueError(f"{shown} is no UTF-8, which DuckDB can't open; name another folder")
    return path


@cache
def statement(name: str) -> str:
    """Return the text of `sql/<name>.sql`, for example `statement("lookups/histories")`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def named(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the values that the statement of that name has a parameter for."""
    parameters = duckdb.extract_statements(statement(name))[-1].named_parameters
    return {key: value for key, value in values.items() if key in parameters}

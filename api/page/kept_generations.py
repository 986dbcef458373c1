"""Kept generations: what they say of themselves, a line of JSON for each file, read by another process."""

import json
import os
import sys
from pathlib import Path

import click

from api.lookup import connect
from api.preflight import NICENESS
from sql import statement


def main() -> None:
    """Print the facts of each file, or why they can't be read."""
    os.nice(NICENESS)
    for file in map(Path, sys.argv[1:]):
        click.echo(_line(file))


def _line(file: Path) -> str:
    """Return the columns of `sql/page/past.sql` as a JSON list, or the reason why they can't be read."""
    try:
        with connect(file) as connection:
            rows = connection.execute(statement("page/past"), {"id": file.stem}).fetchall()
        return json.dumps(rows[0] if rows else "it is another generation", default=str, allow_nan=False)
    except Exception as error:  # noqa: BLE001 (DuckDB has others than its own for what is odd)
        return json.dumps(str(error) or repr(error))


if __name__ == "__main__":
    main()

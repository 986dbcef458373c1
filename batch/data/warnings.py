"""Warnings: what is odd in an input becomes a line of the log and a row of `input_warnings`."""

import logging

import duckdb

from sql import statement

log = logging.getLogger("batch")


def warn(  # noqa: PLR0913, PLR0917 (the columns of the table)
    connection: duckdb.DuckDBPyConnection,
    warning: str,
    file: str,
    rows: int | None,
    text: str,
    user_id: str | None = None,
) -> None:
    """Record a warning about a file, and log it; `text` says what is odd, and what to do, in one line.

    `rows` is None if the warning is not about rows. With a `user_id`, `forget` removes it with that user.
    """
    values = {"warning": warning, "file": file, "rows": rows, "text": text, "user_id": user_id}
    connection.execute(statement("load/input_warning"), values)
    log.warning("%s: %s", file, text)

"""Clean: rows that can't be meant are rejected, and what must have been meant is repaired.

The rules are SQL, in `sql/clean/`. Nothing is dropped without a row in `rejected_rows`.
"""

from dataclasses import dataclass

import duckdb

from batch.errors import InputError
from batch.inputs import Inputs
from batch.load import Loaded
from sql import statement


@dataclass(frozen=True)
class Counts:
    """How many rows of the ratings there were and what became of them; users and films with ratings."""

    rows_read: int
    rows_kept: int
    rows_repaired: int
    rows_rejected: int
    rows_superseded: int
    users: int
    items: int


def clean(
    connection: duckdb.DuckDBPyConnection, inputs: Inputs, loaded: Loaded, max_rejected: float
) -> Counts:
    """Make the tables `ratings`, `items`, `repaired_rows` and `rating_counts`, and fill `rejected_rows`.

    Raises InputError if more than the share `max_rejected` of the rows of a file is rejected, if no
    rating is left, or if every film is hidden.
    """
    hidden = inputs.hidden.name if inputs.hidden else "hidden.csv"
    connection.execute(
        statement("clean/typed_ratings"),
        {"has_rating": loaded.has_rating, "has_timestamp": loaded.has_timestamp},
    )
    connection.execute(statement("clean/missing_user_blocks"))
    connection.execute(statement("clean/judged_ratings"))
    connection.execute(statement("clean/rejected_ratings"), {"file": inputs.ratings.name})
    connection.execute(statement("clean/judged_movies"))
    connection.execute(statement("clean/rejected_movies"), {"file": inputs.movies.name})
    connection.execute(statement("clean/rejected_hidden"), {"file": hidden})
    _stop_if_too_many_are_rejected(connection, inputs, hidden, max_rejected)
    connection.execute(statement("clean/ratings"))
    connection.execute(statement("clean/repaired_rows"), {"file": inputs.ratings.name})
    connection.execute(statement("clean/items"))
    connection.execute(statement("clean/rating_counts"))
    found = connection.execute(statement("clean/counts"), {"file": inputs.ratings.name})
    names = [column[0] for column in found.description or ()]
    counts = Counts(**dict(zip(names, found.fetchone() or (), strict=True)))
    if counts.rows_kept == 0:
        raise InputError(f"{inputs.ratings.name}: no row is left after cleaning; check how it was exported")
    if connection.execute("from items where ratings > 0 and not is_hidden limit 1").fetchone() is None:
        raise InputError(f"{hidden}: hides every film with a rating, so every list would be empty; mend it")
    return counts


def _stop_if_too_many_are_rejected(
    connection: duckdb.DuckDBPyConnection, inputs: Inputs, hidden: str, max_rejected: float
) -> None:
    files = {"ratings": inputs.ratings.name, "movies": inputs.movies.name, "hidden": hidden}
    counts = connection.execute(statement("clean/row_counts"), files).fetchall()
    for file, rows, rejected, rule, line, raw in counts:
        if rejected / rows > max_rejected:
            raise InputError(
                f"{file}: {rejected:,} of {rows:,} rows ({rejected / rows:.1%}) are rejected, and at most "
                f"{max_rejected:.1%} may be; most break the rule {rule}, first in line {line}: {raw[:80]!r}; "
                "mend the file, or allow more by --max-rejected"
            )

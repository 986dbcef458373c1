"""Cap: of a user with very many rows only the newest count."""

import duckdb

from sql import statement


def cap_users(connection: duckdb.DuckDBPyConnection, file: str, max_per_user: int | None) -> None:
    """Reject the valid rows of each user beyond the newest `max_per_user`; None: there is no limit.

    They are recorded under the rule `over_max_per_user`, and count towards no limit.
    """
    if max_per_user is None:
        return
    connection.execute(statement("clean/capped_ratings"), {"max_per_user": max_per_user})
    connection.execute(statement("clean/capped_rating_lines"), {"file": file})

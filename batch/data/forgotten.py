"""Forgotten: rows of forgotten users are excluded before anything is made of them."""

import duckdb

from batch.data.exclusions import Exclusions
from batch.data.readers import Source
from sql import statement


def hold_out_forgotten(
    connection: duckdb.DuckDBPyConnection, ratings: Source, users: Source | None, exclusions: Exclusions
) -> None:
    """Take the rows of forgotten users out of what `load` has read, and count them in `held_out_lines`.

    A row without an id belongs to the user that the repair found. A row that does not parse is excluded if
    any value in it is the id of a forgotten user. It may be another's, but it is rejected anyway.
    """

    def execute(name: str, **values: object) -> duckdb.DuckDBPyConnection:
        return connection.execute(statement(name), values)

    if not exclusions.hashes:
        return
    given = [user_id for (user_id,) in execute("exclude/given_users").fetchall()]
    forgotten = [user_id for user_id in given if exclusions.is_forgotten(user_id)]
    execute(
        "exclude/held_out_users",
        ratings=ratings.name,
        users=users.name if users else None,
        user_ids=forgotten,
    )
    for source in (ratings, users):
        if source and source.is_text:
            fields = execute("exclude/fields", file=source.name, path=str(source.paths[0])).fetchall()
            lines = {line for line, field in fields if field and exclusions.is_forgotten(field)}
            execute("exclude/held_out_fields", file=source.name, lines=sorted(lines))
    execute("exclude/held_out_rows")

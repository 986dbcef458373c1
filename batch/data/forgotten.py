"""Forgotten: rows of users who are forgotten are held out, before anything is made of them."""

import duckdb

from batch.data.exclusions import Exclusions
from batch.data.load import Loaded
from sql import statement


def hold_out_forgotten(connection: duckdb.DuckDBPyConnection, loaded: Loaded, exclusions: Exclusions) -> None:
    """Take the rows of who is forgotten out of what `load` has read, and count them in `held_out_lines`.

    A row without an id is whose a repair says. One that does not parse is held out if any value in it is the
    id of somebody who is forgotten: it may be another's, but then it counts for nothing either.
    """

    def execute(name: str, **values: object) -> duckdb.DuckDBPyConnection:
        return connection.execute(statement(name), values)

    execute("exclude/held_out_lines")
    if not exclusions.hashes:
        return
    given = [user_id for (user_id,) in execute("exclude/given_users").fetchall()]
    forgotten = [user_id for user_id in given if exclusions.is_forgotten(user_id)]
    execute("exclude/held_out_ratings", file=loaded.ratings.name, user_ids=forgotten)
    if loaded.users:
        execute("exclude/held_out_users", file=loaded.users.name, user_ids=forgotten)
    for source in (loaded.ratings, loaded.users):
        if source and source.is_text:
            fields = execute("exclude/fields", file=source.name, path=str(source.path)).fetchall()
            lines = {line for line, field in fields if field and exclusions.is_forgotten(field)}
            execute("exclude/held_out_fields", file=source.name, lines=sorted(lines))
    execute("exclude/held_out_rows")

"""The look-up: one query answers everybody who waits at that moment.

A query costs some tenths of a millisecond before it finds its first user, and little for each. Requests that
arrive while another is answered wait for the next turn of the event loop, and then share one query. So the
busier the service, the less a look-up costs, and nobody waits for company.
"""

import asyncio
from collections.abc import Sequence

import duckdb

from api import metrics
from sql import statement

# DuckDB goes by the index as long as a query asks for fewer than 2,048 users.
MOST_USERS = 512


class Lookup:
    """Finds the text that a statement of `sql/lookups/` returns for a user."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Take a statement with the parameter `$user_ids` and the columns user and text."""
        self._connection = connection
        # Parsed once; planned for each query, as the plan depends on the users.
        (self._statement,) = duckdb.extract_statements(statement(f"lookups/{name}"))
        self._waiting: list[tuple[str, asyncio.Future[str | None]]] = []

    async def find(self, user_id: str) -> str | None:
        """Return the text of a user; None if the user is unknown. Raises duckdb.Error if it can't be read."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._answer)
        found: asyncio.Future[str | None] = loop.create_future()
        self._waiting.append((user_id, found))
        return await found

    def find_all(self, user_ids: Sequence[str]) -> dict[str, str]:
        """Return the texts of those users who are known."""
        texts: dict[str, str] = {}
        for start in range(0, len(user_ids), MOST_USERS):
            # A cursor for each use: on a connection that callers share, one reads the rows of another.
            with self._connection.cursor() as cursor:
                asked = {"user_ids": user_ids[start : start + MOST_USERS]}
                texts.update(cursor.execute(self._statement, asked).fetchall())
        return texts

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        metrics.LOOKUP_USERS.observe(len(waiting))
        try:
            texts = self.find_all([user_id for user_id, _ in waiting])
        except duckdb.Error as error:
            for _, found in waiting:
                if not found.done():
                    found.set_exception(error)
            return
        for user_id, found in waiting:
            # Whose client has gone is no longer waiting.
            if not found.done():
                found.set_result(texts.get(user_id))
